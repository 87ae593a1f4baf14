//! The plan against numpy's, and against its definition.

use super::codes;
use crate::rng::row_hash;
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    rows: usize,
    clusters: usize,
    most: u64,
    epsilon: f64,
    iterations: usize,
    codes: Vec<u32>,
}

/// The distances of `tests/spec/sinkhorn.py`, written once more.
fn distances(golden: &Golden) -> Vec<f64> {
    let mix = |z: u64| {
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let distance = |at: usize| {
        let (row, k) = (at / golden.clusters, at % golden.clusters);
        let row = if row.is_multiple_of(7) { row / 14 } else { row };
        let cost = mix(golden.seed * 1_000_003 + (row * golden.clusters + k) as u64) % (golden.most + 1);
        cost as f64 * (1.0 + k as f64 / 8.0)
    };
    (0..golden.rows * golden.clusters).map(distance).collect()
}

#[test]
fn codes_are_those_of_numpy() {
    let all: Vec<Golden> = serde_json::from_str(include_str!("../../../tests/spec/sinkhorn.json")).unwrap();
    let mut sensitive = 0;
    assert!(all.len() >= 20);
    for golden in all {
        let found = codes(&mut distances(&golden), golden.clusters, golden.epsilon, golden.iterations);
        assert_eq!(found, golden.codes, "seed {}", golden.seed);
        let other = codes(&mut distances(&golden), golden.clusters, golden.epsilon, golden.iterations + 1);
        sensitive += u32::from(found != other);
    }
    assert!(sensitive >= 5, "one iteration more would be noticed in {sensitive} problems");
}

/// Distances in another unit: the same codes and, as the unit is a power of two, the same plan.
#[test]
fn the_unit_of_the_distances_does_not_matter() {
    let problem = |unit: f64| {
        let mut plan: Vec<f64> = (0..200 * 9).map(|i| (row_hash(6, i) >> 40) as f64 * unit).collect();
        let codes = codes(&mut plan, 9, 0.01, 30);
        (codes, plan.iter().map(|value| value.to_bits()).collect::<Vec<_>>())
    };
    let expected = problem(1.0);
    for unit in [-80, -40, -24, 16, 90].map(|exponent| 2.0_f64.powi(exponent)) {
        assert_eq!(problem(unit), expected, "{unit:e}");
    }
}

/// Any number of threads: sums are in a fixed order.
#[test]
fn threads_change_nothing() {
    let problem = || (0..3000 * 31).map(|i| (row_hash(5, i) >> 20) as f64).collect::<Vec<_>>();
    let run = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let mut plan = problem();
        let codes = pool.install(|| codes(&mut plan, 31, 0.003, 40));
        (codes, plan.iter().map(|value| value.to_bits()).collect::<Vec<_>>())
    };
    let expected = run(1);
    assert!([2, 3, 7].into_iter().all(|threads| run(threads) == expected));
}

/// Equal distances, a cluster that nothing is near, one row, one cluster: an answer, and an even one where there is
/// one.
#[test]
fn extremes_have_an_answer() {
    assert_eq!(codes(&mut [0.0; 12], 3, 0.003, 50), [0, 0, 0, 0]);
    assert_eq!(codes(&mut [5.0], 1, 0.01, 3), [0]);
    assert_eq!(codes(&mut [], 4, 0.01, 3), [0_u32; 0]);
    let mut far: Vec<f64> = (0..200).flat_map(|row| [f64::from(row % 10), 1e30 + f64::from(row)]).collect();
    let found = codes(&mut far, 2, 0.003, 100);
    assert_eq!(found.len(), 200);
    let mut one_sided: Vec<f64> = (0..100).flat_map(|row| [f64::from(row), 1000.0 + 3.0 * f64::from(row)]).collect();
    let found = codes(&mut one_sided, 2, 0.003, 500);
    assert!((45..=55).contains(&found.iter().filter(|code| **code == 1).count()), "{found:?}");
}
