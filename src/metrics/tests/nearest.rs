//! Compares exact neighbours with brute force, with weights, ties, and too many candidates for memory.

use crate::first_reading::tests::CountedRows;
use crate::metrics::nearest::{NearPoint, Nearest};
use crate::metrics::points::Points;
use crate::rng::row_hash;
use crate::{Device, Matrix, Metric};
use std::sync::atomic::Ordering::Relaxed;

/// Makes rows on a lattice; many are equal, and more have equal distances.
fn lattice(count: usize, dim: usize, most: u64) -> Vec<f32> {
    (0..count * dim).map(|i| (row_hash(5, i as u64) % most) as f32).collect()
}

/// Returns the neighbours of row `query` as rows, by sorting all distances.
fn brute(values: &[f32], dim: usize, query: usize, k: usize) -> Vec<(f64, usize)> {
    let row = |row: usize| values.chunks_exact(dim).nth(row).unwrap();
    let distance = |other: usize| row(query).iter().zip(row(other)).map(|(a, b)| f64::from(a - b).powi(2)).sum();
    let others = (0..values.len() / dim).filter(|other| *other != query);
    let mut all: Vec<(f64, usize)> = others.map(|other| (distance(other), other)).collect();
    all.sort_by(|a, b| a.partial_cmp(b).unwrap());
    let last = all[k - 1].0;
    all.retain(|(distance, _)| *distance <= last);
    all
}

/// Returns the rows of the points of a list, with their distances in units of the smallest one that is not 0.
fn rows_of(points: &Points<'_>, list: &[NearPoint], query: usize) -> Vec<(u64, usize)> {
    let rows = |(distance, point): &NearPoint| {
        let rows = points.of_row.iter().enumerate().filter(move |(_, other)| *other == point);
        let distance = *distance;
        rows.map(move |(row, _)| (distance, row)).collect::<Vec<_>>()
    };
    let mut all: Vec<(u64, usize)> = list.iter().flat_map(rows).filter(|(_, row)| *row != query).collect();
    all.sort_unstable();
    all
}

#[test]
fn the_neighbours_are_those_of_sorting_all_distances() {
    for (count, dim, most, k) in
        [(300, 2, 12, 5), (700, 3, 9, 10), (90, 1, 1000, 89), (64, 4, 2, 3), (5, 2, 3, 1), (400, 8, 50, 1)]
    {
        let values = lattice(count, dim, most);
        let rows = Matrix::new(&values, dim).unwrap();
        let device = Device::cpu();
        let points = Points::new(&rows, Metric::L2, &device, |_| 1).unwrap();
        let queries = (0..points.len() as u32).collect();
        let nearest = Nearest::search(&points, queries, k, &device, &mut |_| Ok(())).unwrap();
        for query in 0..count {
            let expected = brute(&values, dim, query, k);
            let found = rows_of(&points, nearest.of(points.of_row[query]), query);
            let of_expected: Vec<usize> = expected.iter().map(|(_, row)| *row).collect();
            let of_found: Vec<usize> = found.iter().map(|(_, row)| *row).collect();
            assert_eq!(of_found, of_expected, "row {query} of {count}");
            // All distances have the same factor, the square of the grid's scale.
            let factor = found.iter().zip(&expected).find(|(_, (expected, _))| *expected > 0.0);
            let factor = factor.map_or(1.0, |(found, expected)| found.0 as f64 / expected.0);
            assert!(found.iter().zip(&expected).all(|(found, expected)| found.0 as f64 == expected.0 * factor));
        }
    }
}

#[test]
fn what_is_left_out_of_a_search_has_no_neighbours() {
    let values = lattice(50, 2, 5);
    let rows = Matrix::new(&values, 2).unwrap();
    let device = Device::reference();
    let points = Points::new(&rows, Metric::L2, &device, |_| 1).unwrap();
    let all = Nearest::search(&points, (0..points.len() as u32).collect(), 4, &device, &mut |_| Ok(())).unwrap();
    let some = Nearest::search(&points, vec![1, 4, 9], 4, &device, &mut |_| Ok(())).unwrap();
    for point in 0..points.len() as u32 {
        let expected = if [1, 4, 9].contains(&point) { all.of(point) } else { &[] };
        assert_eq!(some.of(point), expected, "{point}");
    }
}

#[test]
fn too_many_candidates_for_memory_take_longer_and_give_the_same() {
    // All rows are equally far from each other, so each has 99 candidates.
    let values: Vec<f32> = (0..100 * 100).map(|i| f32::from(u8::from(i / 100 == i % 100))).collect();
    let rows = Matrix::new(&values, 100).unwrap();
    let device = Device::cpu();
    let points = Points::new(&rows, Metric::L2, &device, |_| 1).unwrap();
    let queries: Vec<u32> = (0..points.len() as u32).collect();
    let mut compared = [0; 3];
    let searches: Vec<Nearest> = ([1 << 24, 2000, 1].iter().zip(&mut compared))
        .map(|(room, compared)| {
            let mut tick = |more| {
                *compared += more;
                Ok(())
            };
            Nearest::search_within(*room, &points, queries.clone(), 3, &device, &mut tick).unwrap()
        })
        .collect();
    assert!(compared[0] == 100 * 100 && compared[1] > compared[0], "{compared:?}");
    for query in queries {
        assert_eq!(searches[0].of(query).len(), 99);
        assert!(searches.iter().all(|search| search.of(query) == searches[0].of(query)), "{query}");
    }
}

#[test]
fn a_search_with_too_many_candidates_reads_no_further() {
    // All rows are equally far from each other, and few are read at a time.
    const DIM: usize = 8192;
    const CHUNK: usize = 128;
    let values: Vec<f32> = (0..300 * DIM).map(|i| f32::from(u8::from(i / DIM == i % DIM))).collect();
    let rows = CountedRows { rows: Matrix::new(&values, DIM).unwrap(), is_decoded: false, read: 0.into() };
    let device = Device::cpu();
    let points = Points::new(&rows, Metric::L2, &device, |_| 1).unwrap();
    rows.read.store(0, Relaxed);
    // The first 16 rows are more than the 8 candidates that there is room for.
    Nearest::search_within(8, &points, vec![0, 1], 1, &device, &mut |_| Ok(())).unwrap();
    let both_queries = 300 + CHUNK;
    let one_query = 300 + 300;
    assert_eq!(rows.read.load(Relaxed), both_queries + 2 * one_query);
}

#[test]
fn a_search_can_be_stopped() {
    let values = lattice(50, 2, 5);
    let rows = Matrix::new(&values, 2).unwrap();
    let points = Points::new(&rows, Metric::L2, &Device::cpu(), |_| 1).unwrap();
    let stop = &mut |_| Err(crate::ErrorKind::Cancelled.into());
    let stopped = Nearest::search(&points, vec![0, 1], 4, &Device::cpu(), stop);
    assert!(matches!(stopped.err().unwrap().kind(), crate::ErrorKind::Cancelled));
}
