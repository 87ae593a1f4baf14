//! Hierarchies of known rows.

use super::*;
use crate::device::{Device, Purpose};

fn residuals(rows: &[i32], dim: usize) -> Residuals<'static> {
    let device = Device::cpu();
    let mut table = device.engine().table(rows.len() / dim, dim, Purpose::Fit).unwrap();
    table.upload(0, rows).unwrap();
    Residuals::of(table, &device)
}

fn found(params: &RqKMeans, rows: &[i32], clusters: usize) -> Vec<i32> {
    codewords(params, &mut residuals(rows, 1), clusters, (0, 0), &mut || Ok(())).unwrap().values().to_vec()
}

/// Four groups far apart, of 1, 2, 3 and 10 places that are nearer to each other: every place gets its codeword, so the
/// shares follow what is left to be gained.
#[test]
fn every_group_gets_the_codewords_that_it_needs() {
    let places = [(0, 1), (1 << 20, 2), (2 << 20, 3), (3 << 20, 10)];
    let place = |(at, count): (i32, i32)| (0..count).map(move |i| at + 1000 * i);
    let expected: Vec<i32> = places.into_iter().flat_map(place).collect();
    let rows: Vec<i32> = (0..3200).map(|row| expected[row * 7 % 16]).collect();
    for seed in 0..5 {
        let mut found = found(&RqKMeans::new(1, 16).seed(seed), &rows, 16);
        found.sort_unstable();
        assert_eq!(found, expected, "{seed}");
    }
}

#[test]
fn where_there_are_too_few_different_rows_the_last_codeword_is_repeated() {
    let rows: Vec<i32> = (0..40).map(|row| row % 5 * 100).collect();
    for init in [Init::KMeansPlusPlus, Init::Random] {
        let all = found(&RqKMeans::new(1, 8).init(init), &rows, 8);
        let mut first = all[..5].to_vec();
        first.sort_unstable();
        assert_eq!((first, &all[5..]), (vec![0, 100, 200, 300, 400], &[all[4]; 3][..]));
        assert_eq!(found(&RqKMeans::new(1, 8).init(init), &[7; 9], 4), [7; 4]);
    }
    let mut rows = residuals(&[3, 4, 3, 4, 5, 3, 4], 1);
    let mut count = |chosen: &[u64], limit| distinct(&mut rows, chosen, limit, &mut || Ok(())).unwrap();
    assert_eq!([count(&[0, 2, 5], 3), count(&[0, 1, 2, 3, 4], 2), count(&[0, 1, 2, 3, 4], 9)], [1, 2, 3]);
}

/// A part of the rows is enough, and which part depends on the seed alone.
#[test]
fn many_rows_are_fitted_by_a_part_of_them() {
    let rows: Vec<i32> = (0..2000).map(|row| row * row % 1009).collect();
    let params = RqKMeans::new(1, 9);
    let all = found(&params, &rows, 9);
    let seed = Stream::new("hierarchy", params.seed, 0, 0).next_u64();
    let mut order: Vec<u64> = (0..2000).collect();
    order.sort_unstable_by_key(|row| (row_hash(seed, *row), *row));
    let mut changed = rows.clone();
    for row in &order[9 * ROWS..] {
        changed[*row as usize] = 500_000;
    }
    assert_eq!(found(&params, &changed, 9), all);
    changed[order[9 * ROWS - 1] as usize] = 500_000;
    assert_ne!(found(&params, &changed, 9), all);
}
