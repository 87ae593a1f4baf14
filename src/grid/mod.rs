//! Fixed point: how f32 embeddings become the integers that everything else computes with.

use crate::error::{ErrorKind, Result};
use crate::rows::Rows;

/// Largest magnitude of a grid value; values beyond it saturate. Every grid value is an exact f32.
pub(crate) const GRID_MAX: i32 = (1 << 23) - 1;
/// Bits of the training range: `fit` picks the finest grid on which every training value stays within 2^20.
const RANGE_BITS: i32 = 20;
/// Exponent of the unit grid: a component of a unit-length vector is at most 2^20.
pub(crate) const UNIT_EXPONENT: i32 = 20;
/// Exponents that a model may have.
pub(crate) const EXPONENTS: std::ops::RangeInclusive<i32> = -108..=126;
/// Adding and subtracting 1.5 * 2^52 rounds a small f64 to an integer, ties to even; unlike
/// `round_ties_even` it compiles to two vector instructions on every processor.
const ROUND: f64 = 6_755_399_441_055_744.0;

/// Per-dimension offset and power-of-two scale that map f32 rows to integers.
///
/// # Exactness
/// `q = clamp(round_half_even((f64(x) - f64(offset)) * 2^exponent), -(2^23 - 1), 2^23 - 1)`, in IEEE binary64.
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
                over += u32::from(value.abs() >= f64::from(GRID_MAX) + 0.5);
                *q = round(value);
            }
            saturated += u64::from(over);
        }
        saturated
    }

    /// The embedding value of grid integers at `exponent`: `f32(f64(q) * 2^-exponent + f64(offset))`.
    pub(crate) fn restore(&self, exponent: i32, q: &[i32], out: &mut [f32]) {
        let step = pow2(-exponent);
        for ((q, offset), out) in q.iter().zip(&self.offset).zip(out) {
            *out = (f64::from(*q) * step + f64::from(*offset)) as f32;
        }
    }
}

/// How many grid steps, `scale` of them a unit, `x` is above `offset`.
#[inline(always)]
fn steps(x: f32, offset: f32, scale: f64) -> f64 {
    (f64::from(x) - f64::from(offset)) * scale
}

/// The grid integer of `x` alone, as [`Grid::quantize`] has it.
#[inline(always)]
pub(crate) fn quantize_value(x: f32, offset: f32, scale: f64) -> i32 {
    round(steps(x, offset, scale))
}

/// `clamp(round_half_even(value))`; clamping first gives the same, as the limits are integers.
#[inline(always)]
fn round(value: f64) -> i32 {
    let limit = f64::from(GRID_MAX);
    let clamped = value.clamp(-limit, limit);
    ((clamped + ROUND) - ROUND) as i32
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
            *q = round(f64::from(*x) * scale);
        }
    }
}

/// floor(log2(value)) of a positive normal f64.
fn floor_log2(value: f64) -> i32 {
    ((value.to_bits() >> 52) as i32) - 1023
}

/// Smallest and largest value per dimension; the same for any order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Range {
    min: Vec<f32>,
    max: Vec<f32>,
}

impl Range {
    /// The range of no rows.
    pub(crate) fn new(dim: usize) -> Self {
        Self { min: vec![f32::INFINITY; dim], max: vec![f32::NEG_INFINITY; dim] }
    }

    /// The range of these bounds; `None` for other than finite ones, or bounds of no rows.
    pub(crate) fn from_parts(min: Vec<f32>, max: Vec<f32>) -> Option<Self> {
        let none = min.iter().all(|x| *x == f32::INFINITY) && max.iter().all(|x| *x == f32::NEG_INFINITY);
        let finite = min.iter().chain(&max).all(|x| x.is_finite()) && min.iter().zip(&max).all(|(a, b)| a <= b);
        (min.len() == max.len() && (none || finite)).then_some(Self { min, max })
    }

    /// Smallest values.
    pub(crate) fn min(&self) -> &[f32] {
        &self.min
    }

    /// Largest values.
    pub(crate) fn max(&self) -> &[f32] {
        &self.max
    }

    /// Widens the range by finite rows.
    pub(crate) fn add(&mut self, rows: &[f32]) {
        for row in rows.chunks_exact(self.min.len()) {
            for ((x, min), max) in row.iter().zip(&mut self.min).zip(&mut self.max) {
                *min = if *x < *min { *x } else { *min };
                *max = if *x > *max { *x } else { *max };
            }
        }
    }

    /// Widens the range by that of other rows.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.min.iter_mut().zip(&other.min).for_each(|(min, other)| *min = if *other < *min { *other } else { *min });
        self.max.iter_mut().zip(&other.max).for_each(|(max, other)| *max = if *other > *max { *other } else { *max });
    }

    /// Offset and exponent of a grid for every dimension alone.
    pub(crate) fn grids(&self) -> Vec<(f32, i32)> {
        let alone = |(min, max): (&f32, &f32)| Self { min: vec![*min], max: vec![*max] }.grid(true);
        let grids = self.min.iter().zip(&self.max).map(alone);
        grids.map(|grid| (grid.offset.first().copied().unwrap_or(0.0), grid.exponent)).collect()
    }

    /// The grid for rows of this range: offset at the midrange (or zero where `center` is off), and the largest
    /// exponent at which no value exceeds 2^20.
    pub(crate) fn grid(&self, center: bool) -> Grid {
        let bounds = || self.min.iter().zip(&self.max);
        let offset: Vec<f32> = match center {
            // + 0.0 turns a negative zero into zero, so that equal grids have equal bytes.
            true => bounds().map(|(a, b)| ((f64::from(*a) + f64::from(*b)) / 2.0) as f32 + 0.0).collect(),
            false => vec![0.0; self.min.len()],
        };
        let largest = bounds().zip(&offset).fold(0.0_f64, |largest, ((min, max), offset)| {
            let offset = f64::from(*offset);
            largest.max((f64::from(*min) - offset).abs()).max((f64::from(*max) - offset).abs())
        });
        Grid { offset, exponent: finest_exponent(largest) }
    }
}

/// The largest exponent e with `round_half_even(largest * 2^e) <= 2^20`, within [`EXPONENTS`]; 20 for constant data.
fn finest_exponent(largest: f64) -> i32 {
    if largest == 0.0 {
        return RANGE_BITS;
    }
    // largest * 2^candidate is in [2^20, 2^21), so the answer is the candidate itself (2^20, or a half above it
    // that rounds down to it) or one below.
    let candidate = RANGE_BITS - floor_log2(largest);
    let rounds_to_limit = largest * pow2(candidate) <= 1_048_576.5;
    (candidate - i32::from(!rounds_to_limit)).clamp(*EXPONENTS.start(), *EXPONENTS.end())
}

/// Refuses NaN and infinities, naming the first row and column; `first` is the number of the first row.
pub(crate) fn check_finite(first: usize, rows: &[f32], dim: usize) -> Result<()> {
    // All exponent bits set: the sum of such flags is a vector loop, the search is not.
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

#[cfg(test)]
mod tests;
