//! Optima that scipy found; `tests/spec/balanced.py` writes them.

use super::{Matrix, Sizes, check};
use serde::Deserialize;

#[derive(Deserialize)]
struct Golden {
    seed: u64,
    rows: usize,
    clusters: usize,
    most: u64,
    min: usize,
    max: usize,
    optimum: u128,
}

/// Computes the costs of the script a second time.
fn costs(golden: &Golden) -> Matrix {
    let mix = |z: u64| {
        let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    };
    let cost = |at: usize| {
        let (row, k) = (at / golden.clusters, at % golden.clusters);
        let row = if row.is_multiple_of(7) { row / 14 } else { row };
        mix(golden.seed * 1_000_003 + (row * golden.clusters + k) as u64) % (golden.most + 1)
    };
    Matrix { costs: (0..golden.rows * golden.clusters).map(cost).collect(), clusters: golden.clusters }
}

#[test]
fn optima_are_those_of_scipy() {
    let all: Vec<Golden> = serde_json::from_str(include_str!("../../../../tests/spec/balanced.json")).unwrap();
    assert!(all.len() >= 40);
    for golden in all {
        let (problem, sizes) = (costs(&golden), Sizes { min: golden.min, max: golden.max });
        let solution = problem.solve(sizes);
        check(&problem, sizes, &solution);
        assert_eq!(solution.cost, golden.optimum, "seed {}", golden.seed);
    }
}
