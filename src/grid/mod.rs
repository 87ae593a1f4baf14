//! Fixed point: how f32 embeddings become the integers that everything else computes with.

mod exponent;
mod loss;
mod moments;
mod narrow;
mod outliers;
mod range;
mod sketch;

use crate::error::{ErrorKind, Result};
use crate::rows::Rows;
pub(crate) use exponent::floor_log2;
use rayon::prelude::*;

pub(crate) use loss::Loss;
pub(crate) use moments::{Moments, is_far};
pub use narrow::NarrowDimension;
pub use outliers::Outlier;
pub(crate) use outliers::Saturation;
pub use sketch::GridSketch;

/// Largest magnitude of the values of a row that has a grid of its own. Integers up to it are exact f32.
const GRID_MAX: i32 = (1 << 23) - 1;
/// Largest magnitude of a value that is put on the grid of a model; values beyond it saturate. A quarter of 2^23 is
/// left for the codewords of later levels where those of the first are as large.
pub(crate) const SATURATION: i32 = 3 << 21;
/// Steps beyond which a value saturates. A half above the limit rounds down to it, as the limit is even.
const BEYOND: f64 = SATURATION as f64 + 0.5;
/// Largest magnitude of values on the grid of rows without far outliers.
pub(crate) const RANGE: i32 = 1 << 20;
/// Exponent of the unit grid: a component of a unit-length vector is at most 2^20.
pub(crate) const UNIT_EXPONENT: i32 = 20;
/// Exponents that a model may have.
pub(crate) const EXPONENTS: std::ops::RangeInclusive<i32> = -108..=126;
/// Adding 1.5 * 2^52 rounds a small f64 to an integer, ties to even, and leaves it in the low bits of the sum. Unlike
/// `round_ties_even` and a cast, both compile to vector instructions on every processor.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Per-dimension offset and power-of-two scale that map f32 rows to integers.
///
/// # Exactness
/// `q = clamp(round_half_even((f64(x) - f64(offset)) * 2^exponent), -3 * 2^21, 3 * 2^21)`, in IEEE binary64.
/// [`GridSketch`] says how `fit` chooses offsets and exponent.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    offset: Vec<f32>,
    exponent: i32,
}

impl Grid {
    /// A grid with the given offset per dimension and exponent.
    pub(crate) fn new(offset: Vec<f32>, exponent: i32) -> Self {
        Self { offset, exponent }
    }

    /// Offset per dimension, in units of the embeddings.
    pub fn offset(&self) -> &[f32] {
        &self.offset
    }

    /// Exponent e: a grid step is 2^-e in units of the embeddings.
    pub fn exponent(&self) -> i32 {
        self.exponent
    }

    pub(crate) fn dim(&self) -> usize {
        self.offset.len()
    }

    /// Puts `rows` on the grid and returns how many values saturated.
    ///
    /// # Shapes
    /// `rows` and `out` have the same length, a multiple of the dimensions; `rows` is finite.
    #[inline(always)]
    pub fn quantize(&self, rows: &[f32], out: &mut [i32]) -> u64 {
        let scale = pow2(self.exponent);
        let mut saturated = 0;
        for (row, out) in rows.chunks_exact(self.dim()).zip(out.chunks_exact_mut(self.dim())) {
            let mut over = 0_u32;
            for ((x, offset), q) in row.iter().zip(&self.offset).zip(out) {
                let value = steps(*x, *offset, scale);
                over += u32::from(value.abs() > BEYOND);
                *q = round(value, SATURATION);
            }
            saturated += u64::from(over);
        }
        saturated
    }

    /// Turns grid integers at `exponent` into embedding values: `f32(f64(q) * 2^-exponent + f64(offset))`.
    pub(crate) fn restore(&self, exponent: i32, q: &[i32], out: &mut [f32]) {
        let step = pow2(-exponent);
        for ((q, offset), out) in q.iter().zip(&self.offset).zip(out) {
            *out = (f64::from(*q) * step + f64::from(*offset)) as f32;
        }
    }
}

/// Returns how many grid steps `x` is above `offset`; `scale` is the number of steps in a unit.
#[inline(always)]
fn steps(x: f32, offset: f32, scale: f64) -> f64 {
    (f64::from(x) - f64::from(offset)) * scale
}

/// Returns the grid integer of one value, as [`Grid::quantize`] does for rows.
#[inline(always)]
pub(crate) fn quantize_value(x: f32, offset: f32, scale: f64) -> i32 {
    round(steps(x, offset, scale), SATURATION)
}

/// `clamp(round_half_even(value), -limit, limit)`; clamping first gives the same, as the limits are integers. NaN is no
/// value.
#[inline(always)]
fn round(value: f64, limit: i32) -> i32 {
    let limit = f64::from(limit);
    (value.clamp(-limit, limit) + ROUND).to_bits() as i32
}

/// 2^exponent, exact for every exponent of a grid and for the row grids of the cosine metric.
pub(crate) fn pow2(exponent: i32) -> f64 {
    f64::from_bits(((exponent + 1023).clamp(1, 2046) as u64) << 52)
}

/// Puts every row on its own grid: the largest `|q|` of a row is in [2^22, 2^23), so that the row's length does not
/// matter to what follows. Rows of zeros stay zero.
///
/// # Shapes
/// `rows` and `out` have the same length, a multiple of `dim`; `rows` is finite.
pub(crate) fn quantize_rows_alone(rows: &[f32], dim: usize, out: &mut [i32]) {
    for (row, out) in rows.chunks_exact(dim).zip(out.chunks_exact_mut(dim)) {
        let largest = row.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
        if largest == 0.0 {
            out.fill(0);
            continue;
        }
        let scale = pow2(22 - floor_log2(f64::from(largest)));
        for (x, q) in row.iter().zip(out) {
            *q = round(f64::from(*x) * scale, GRID_MAX);
        }
    }
}

/// Refuses NaN and infinities, naming the first row and column; `first` is the number of the first row.
pub(crate) fn check_finite(first: usize, rows: &[f32], dim: usize) -> Result<()> {
    // NaN and infinities have all exponent bits set. A loop that combines such flags compiles to vector instructions,
    // and a search does not.
    let bad = |x: &f32| x.to_bits() & 0x7f80_0000 == 0x7f80_0000;
    if rows.iter().map(|x| u32::from(bad(x))).fold(0, |a, b| a | b) == 0 {
        return Ok(());
    }
    match rows.iter().position(bad).and_then(|at| rows.get(at).map(|value| (at, *value))) {
        Some((at, value)) => Err(ErrorKind::NotFinite { row: first + at / dim, column: at % dim, value }.into()),
        None => Ok(()),
    }
}

/// Reads rows into `buffer` and refuses those that are not finite.
pub(crate) fn read_finite(rows: &dyn Rows, first: usize, buffer: &mut [f32]) -> Result<()> {
    rows.read(first, buffer)?;
    check_finite(first, buffer, rows.dim())
}

/// How many values one task reads.
const READ_TASK: usize = 1 << 16;

/// Reads rows as [`read_finite`] does, on all threads. Rows that have to be decoded are left to one thread, because a
/// decoder goes from the first to the last.
pub(crate) fn read_finite_in_parts(rows: &dyn Rows, first: usize, buffer: &mut [f32]) -> Result<()> {
    let count = (READ_TASK / rows.dim().max(1)).max(1);
    let task = count * rows.dim().max(1);
    if rows.is_decoded() || buffer.len() <= task {
        return read_finite(rows, first, buffer);
    }
    let read = |(part, buffer): (usize, &mut [f32])| read_finite(rows, first + part * count, buffer);
    let read: Vec<Result<()>> = buffer.par_chunks_mut(task).enumerate().map(read).collect();
    // The error of the first rows counts.
    read.into_iter().collect()
}

#[cfg(test)]
mod tests;
