//! The sums of squared errors on the grid are exact, whatever the order of the rows.

use super::super::{Grid, Loss};
use crate::rng::row_hash;

fn loss(grid: &Grid, rows: &[f32]) -> Loss {
    let mut q = vec![0; rows.len()];
    grid.quantize(rows, &mut q);
    let mut loss = Loss::default();
    loss.add(grid, rows, &q, |_| 1);
    loss
}

#[test]
fn rounding_and_saturation_by_hand() {
    let grid = Grid::new(vec![0.0, 1.0], 2);
    // Quarters: 0.25 + 0.0625 is a quarter of a step off, 1.1875 a quarter too; 2^21 is 2^21 steps beyond 3 * 2^21.
    assert_eq!(loss(&grid, &[0.3125, 1.1875]).total(), 0.125);
    assert_eq!(loss(&grid, &[2_097_152.0, 1.25]).total(), 2.0_f64.powi(42));
    assert_eq!(loss(&grid, &[0.5, -1.0]).total(), 0.0);
    assert_eq!(Loss::default().total(), 0.0);
}

/// Nine dimensions, numbers from 2^-20 to 2^80: every order of the rows gives the same bits, and the sum is right.
#[test]
fn the_order_of_the_rows_does_not_matter() {
    let grid = Grid::new(vec![0.0; 9], 0);
    let value = |i: u64| (row_hash(1, i) % 1000) as f32 / 1000.0 * 2.0_f32.powi((row_hash(2, i / 9) % 100) as i32 - 20);
    let rows: Vec<f32> = (0..900).map(value).collect();
    let whole = loss(&grid, &rows);
    let mut parts = Loss::default();
    rows.rchunks(27).for_each(|rows| parts.merge(&loss(&grid, rows)));
    assert_eq!(parts, whole);
    let left = |x: &f32| (f64::from(*x) - f64::from(*x).round_ties_even().clamp(-6_291_456.0, 6_291_456.0)).powi(2);
    let expected: f64 = rows.iter().map(left).sum();
    assert!((whole.total() / expected - 1.0).abs() < 1e-12 && expected > 1e40, "{} {expected}", whole.total());
}
