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
