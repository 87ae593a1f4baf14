//! Kinds of collisions against all distances in f64.

use crate::metrics::collision_kinds;
use crate::rng::Stream;
use crate::{Codes, Device, ErrorKind, Matrix, Metric};

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
