//! Mean and variance of every dimension, from exact sums.

use super::{GridSketch, SATURATION, pow2, quantize_value};

/// Sums of the values of every dimension, and of their squares, on a grid of the dimension's own.
///
/// # Exactness
/// Grid values are within 2^23 and rows count at most 2^37 times together, so sums are below 2^60 and sums of squares
/// below 2^83: they are exact integers, in any order. Mean and variance follow from them in binary64, by a fixed number
/// of operations per dimension. Values that saturate count for nothing, and neither do far values
/// ([`GridSketch::far_limits`]).
#[derive(Debug)]
pub(crate) struct Moments {
    /// For every dimension the middle of its grid, the exponent of its step, and the number of steps in a unit.
    grids: Vec<(f32, i32, f64)>,
    /// For every dimension the median, and the distance from it beyond which a value is far.
    bounds: Vec<(f32, f64)>,
    /// For every dimension the number of values, their sum, and the sum of their squares.
    sums: Vec<(u64, i128, u128)>,
}

/// Whether a value of a dimension is farther from the median than the limit.
#[inline(always)]
pub(crate) fn is_far((median, limit): (f32, f64), x: f32) -> bool {
    (f64::from(x) - f64::from(median)).abs() > limit
}

impl Moments {
    /// Begins without rows; `sketch` is that of all rows.
    pub(crate) fn new(sketch: &GridSketch) -> Self {
        let grids = sketch.grids().into_iter().map(|grid| {
            let middle = grid.offset().first().copied().unwrap_or(0.0);
            (middle, grid.exponent(), pow2(grid.exponent()))
        });
        Self { grids: grids.collect(), bounds: sketch.far_limits(), sums: vec![(0, 0, 0); sketch.dim()] }
    }

    /// Adds a finite row that counts `times` times.
    pub(crate) fn add(&mut self, row: &[f32], times: u64) {
        let places = self.sums.iter_mut().zip(&self.grids).zip(&self.bounds);
        for ((((count, sum, squares), (middle, _, scale)), bound), x) in places.zip(row) {
            let q = quantize_value(*x, *middle, *scale);
            if q.abs() == SATURATION || is_far(*bound, *x) {
                continue;
            }
            *count += times;
            *sum += i128::from(q) * i128::from(times);
            *squares += u128::from(u64::from(q.unsigned_abs()).pow(2)) * u128::from(times);
        }
    }

    /// Returns for every dimension its mean in the rows' units, its variance in squared steps, and the exponent e of
    /// its steps of 2^-e.
    pub(crate) fn of_dimensions(&self) -> impl Iterator<Item = (f32, f64, i32)> {
        self.sums.iter().zip(&self.grids).map(|((count, sum, squares), (middle, exponent, _))| {
            let count = (*count).max(1) as f64;
            let mean = *sum as f64 / count;
            // + 0.0 turns a negative zero into zero.
            let offset = (f64::from(*middle) + mean * pow2(-exponent)) as f32 + 0.0;
            (offset, (*squares as f64 - *sum as f64 * mean).max(0.0) / count, *exponent)
        })
    }
}
