//! Kinds of collisions against all distances in f64.

use crate::first_reading::tests::CountedRows;
use crate::metrics::collision_kinds;
use crate::metrics::largest::largest_distances_within;
use crate::metrics::points::Points;
use crate::rng::Stream;
use crate::{Codes, Device, ErrorKind, Matrix, Metric};
use std::sync::atomic::Ordering::Relaxed;

#[test]
fn kinds_are_those_of_all_distances() {
    const DIM: usize = 3;
    for seed in 0..8 {
        let mut stream = Stream::new("kinds", seed, 0, 0);
        let count = 40;
        // Few different values, so that some rows are equal.
        let values: Vec<f32> =
            (0..count * DIM).map(|_| stream.below(2) as f32 + stream.below(2) as f32 / 128.0).collect();
        let codes = Codes::new((0..count).map(|_| stream.below(12) as u32).collect(), 1).unwrap();
        let rows = Matrix::new(&values, DIM).unwrap();
        let apart = |a: usize, b: usize| -> f64 {
            let row = |row: usize| values[row * DIM..(row + 1) * DIM].iter();
            row(a).zip(row(b)).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>().sqrt()
        };
        let kinds = collision_kinds(&rows, &codes, Metric::L2, 0.05, 7, &Device::cpu()).unwrap();
        let mut all: Vec<f64> =
            (0..count).flat_map(|a| (a + 1..count).map(move |b| (a, b))).map(|(a, b)| apart(a, b)).collect();
        all.sort_unstable_by(f64::total_cmp);
        let near = all[(0.05 * all.len() as f64) as usize];
        assert!((kinds.near_distance - near).abs() < 1e-4, "{kinds:?} {near}");
        let (mut exact, mut close, mut conflicts, mut largest) = (0, 0, 0, 0.0_f64);
        for code in 0..12 {
            let group: Vec<usize> = (0..count).filter(|row| codes.values()[*row] == code).collect();
            let far = group.iter().flat_map(|a| group.iter().map(move |b| (*a, *b))).map(|(a, b)| apart(a, b));
            let far = far.fold(0.0, f64::max);
            match group.len() {
                0 | 1 => {}
                _ if far == 0.0 => exact += 1,
                _ if far <= near + 1e-5 => close += 1,
                _ => conflicts += 1,
            }
            largest = largest.max(far);
        }
        assert_eq!(
            (kinds.exact_duplicates.groups, kinds.near_duplicates.groups, kinds.conflicts.groups),
            (exact, close, conflicts),
            "seed {seed}"
        );
        let [a, b] = kinds.largest_conflicts[0].rows;
        assert!((apart(a, b) - largest).abs() < 1e-6, "{kinds:?}");
    }
}

/// 45,150 pairs: the near distance is that of all of them, whatever the seed and the order of the rows.
#[test]
fn near_is_found_from_all_pairs() {
    const ROWS: usize = 301;
    let mut stream = Stream::new("near", 1, 0, 0);
    let mut values: Vec<f32> = (0..ROWS).map(|_| stream.below(1 << 20) as f32).collect();
    let codes = Codes::new((0..ROWS).map(|row| (row / 2) as u32).collect(), 1).unwrap();
    let mut all: Vec<f64> = Vec::new();
    for (i, a) in values.iter().enumerate() {
        all.extend(values[i + 1..].iter().map(|b| f64::from(a - b).abs()));
    }
    all.sort_unstable_by(f64::total_cmp);
    for seed in 0..4 {
        stream.shuffle(&mut values);
        let kinds = collision_kinds(&Matrix::new(&values, 1).unwrap(), &codes, Metric::L2, 0.001, seed, &Device::cpu())
            .unwrap();
        assert_eq!((kinds.pairs, kinds.near_is_exact), (45_150, true));
        assert!((kinds.near_distance - all[45]).abs() < 1.0, "{} {}", kinds.near_distance, all[45]);
    }
}

/// Of more rows, it is found from a part of them, and says so.
#[test]
fn near_is_estimated_where_there_are_many_pairs() {
    const ROWS: usize = 6000;
    let mut values: Vec<f32> = (0..ROWS).map(|row| row as f32).collect();
    Stream::new("near", 2, 0, 0).shuffle(&mut values);
    let codes = Codes::new((0..ROWS).map(|row| row as u32).collect(), 1).unwrap();
    let kinds =
        collision_kinds(&Matrix::new(&values, 1).unwrap(), &codes, Metric::L2, 0.01, 7, &Device::cpu()).unwrap();
    assert_eq!((kinds.pairs, kinds.near_is_exact), (2900 * 2899 / 2, false));
    // On a line of n places, the share of pairs up to d apart is about 2 d / n.
    assert!((kinds.near_distance - 30.0).abs() < 2.0, "{}", kinds.near_distance);
}

#[test]
fn many_rows_of_one_id_are_a_conflict_without_all_their_pairs() {
    let values: Vec<f32> = (0..9000).map(|i| i as f32).collect();
    let codes = Codes::new(vec![0; 9000], 1).unwrap();
    let rows = Matrix::new(&values, 1).unwrap();
    let kinds = collision_kinds(&rows, &codes, Metric::L2, 0.01, 7, &Device::cpu()).unwrap();
    assert_eq!((kinds.conflicts.groups, kinds.conflicts.items), (1, 9000));
    // On a line the farthest row from the farthest one is the other end.
    assert_eq!(kinds.largest_conflicts[0].rows, [0, 8999]);
}

/// Groups that do not fit into memory: a line, whose ends are far apart, and random rows, whose distances tie.
#[test]
fn groups_are_read_in_parts_where_there_is_no_room_for_them() {
    const DIM: usize = 3;
    let mut stream = Stream::new("parts", 1, 0, 0);
    let line = (0..9000).flat_map(|i| [i as f32, 1.0, 0.0]);
    let values: Vec<f32> = line.chain((0..600 * DIM).map(|_| stream.below(9) as f32)).collect();
    let rows = CountedRows { rows: Matrix::new(&values, DIM).unwrap(), is_decoded: false, read: 0.into() };
    let device = Device::cpu();
    let points = Points::new(&rows, Metric::L2, &device, |_| 1).unwrap();
    let count = points.len() as u32;
    assert!((9200..9600).contains(&count), "some rows are equal: {count}");
    let groups: [Vec<u32>; 4] =
        [(0..9000).collect(), (9000..9100).collect(), (9000..count).collect(), vec![3, 70, 9001]];
    let groups = groups.each_ref().map(Vec::as_slice);
    let values = points.values((0..count).collect(), "rows", &device).unwrap();
    // The first of the farthest pairs, from all of them; the ends of the line for the large group.
    let farthest = |group: &[u32]| {
        let mut best = (0, [0; 2]);
        for (i, a) in group.iter().enumerate() {
            for b in &group[i + 1..] {
                let apart = values.of(*a).iter().zip(values.of(*b)).map(|(a, b)| i128::from(a - b).pow(2)).sum();
                if apart > best.0 {
                    best = (apart, [*a, *b]);
                }
            }
        }
        best.1
    };
    let ends = [[0, 8999], farthest(groups[1]), farthest(groups[2]), farthest(groups[3])];
    rows.read.store(0, Relaxed);
    let all = largest_distances_within(1 << 25, &points, &groups, &device).unwrap();
    assert_eq!(rows.read.load(Relaxed), 9600);
    assert_eq!(all.iter().map(|largest| largest.ends).collect::<Vec<_>>(), ends);
    for room in [0, 1, 50 * DIM, 100 * DIM, 300 * DIM, 8999 * DIM] {
        rows.read.store(0, Relaxed);
        assert_eq!(largest_distances_within(room, &points, &groups, &device).unwrap(), all, "room for {room} values");
        // The line is read twice, and so are the two rows that it is compared with; all others at once at best.
        assert!(rows.read.load(Relaxed) >= 5 * 9600, "room for {room} values");
    }
}

#[test]
fn quantiles_and_codes_that_do_not_fit_are_refused() {
    let values = [0.0, 1.0];
    let rows = Matrix::new(&values, 1).unwrap();
    let codes = Codes::new(vec![0, 0], 1).unwrap();
    for quantile in [-0.1, 1.1, f64::NAN] {
        let error = collision_kinds(&rows, &codes, Metric::L2, quantile, 1, &Device::cpu()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "quantile", .. }), "{error}");
    }
    let few = Codes::new(vec![0], 1).unwrap();
    let error = collision_kinds(&rows, &few, Metric::L2, 0.1, 1, &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { .. }), "{error}");
}
