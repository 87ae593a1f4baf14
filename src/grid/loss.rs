//! The squared error that rounding and saturation on the grid cause.

use super::{Grid, pow2, steps};
use std::collections::BTreeMap;

/// Number of partial sums of a row, so that the sum compiles to vector instructions.
const LANES: usize = 8;

/// A sum of squared distances between rows and their places on the grid, in squared grid steps.
///
/// # Exactness
/// A row's distance is the sum of the squares of `(x - offset) 2^e - q` in binary64: dimension d is added to partial
/// sum d mod 8, one after the other, and then the partial sums in order. The sum over the rows is exact, because it
/// consists of one integer per power of two, so the rows may come in any order and in any pieces. Only [`Loss::total`]
/// rounds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Loss(BTreeMap<i32, u128>);

impl Loss {
    /// Adds the distances of rows to their places `q`, that of row i `times(i)` times.
    pub(crate) fn add(&mut self, grid: &Grid, rows: &[f32], q: &[i32], times: impl Fn(usize) -> u64) {
        let scale = pow2(grid.exponent());
        for (i, (row, q)) in rows.chunks_exact(grid.dim()).zip(q.chunks_exact(grid.dim())).enumerate() {
            self.insert(squared(row, grid.offset(), scale, q), times(i));
        }
    }

    /// Adds the sum of other rows.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (exponent, sum) in &other.0 {
            let all = self.0.entry(*exponent).or_default();
            *all = all.saturating_add(*sum);
        }
    }

    /// Returns the sums per power of two with their exponents, ascending.
    pub(crate) fn sums(&self) -> impl Iterator<Item = (i32, u128)> {
        self.0.iter().map(|(exponent, sum)| (*exponent, *sum))
    }

    /// Restores a loss from what [`Loss::sums`] gave; returns `None` for sums that no rows can have.
    pub(crate) fn from_sums(sums: Vec<(i32, u128)>) -> Option<Self> {
        // At most 2^38 rows add mantissas below 2^53.
        let usable = |(exponent, sum): &(i32, u128)| (-1022..=1023).contains(exponent) && *sum < 1 << 91;
        let ascends = sums.is_sorted_by(|a, b| a.0 < b.0);
        (ascends && sums.iter().all(usable)).then(|| Self(sums.into_iter().collect()))
    }

    /// Returns the sum in squared grid steps: it adds the sums per power of two in binary64, the largest power first.
    pub(crate) fn total(&self) -> f64 {
        // A factor 2^(exponent - 52) may be too small for binary64 where the product is not.
        let value = |(exponent, sum): (&i32, &u128)| (*sum as f64 / pow2(52)) * pow2(*exponent);
        self.0.iter().rev().map(value).sum()
    }

    /// Adds a number that is not negative `times` times, exactly: it adds the mantissa to the integer of the exponent.
    fn insert(&mut self, value: f64, times: u64) {
        let (exponent, fraction) = ((value.to_bits() >> 52) as i32, value.to_bits() & ((1 << 52) - 1));
        // Numbers below 2^-1022 count as 0.
        if exponent > 0 {
            *self.0.entry(exponent - 1023).or_default() += u128::from(fraction | (1 << 52)) * u128::from(times);
        }
    }
}

/// The squared distance of a row from its place on the grid.
#[inline(always)]
fn squared(row: &[f32], offset: &[f32], scale: f64, q: &[i32]) -> f64 {
    let square = |x: &f32, offset: &f32, q: &i32| {
        let left = steps(*x, *offset, scale) - f64::from(*q);
        left * left
    };
    let mut lanes = [0.0; LANES];
    let ((row, row_rest), (offset, offset_rest), (q, q_rest)) =
        (row.as_chunks::<LANES>(), offset.as_chunks::<LANES>(), q.as_chunks::<LANES>());
    for ((row, offset), q) in row.iter().zip(offset).zip(q) {
        for lane in 0..LANES {
            lanes[lane] += square(&row[lane], &offset[lane], &q[lane]);
        }
    }
    let rest = row_rest.iter().zip(offset_rest).zip(q_rest);
    lanes.iter_mut().zip(rest).for_each(|(lane, ((x, offset), q))| *lane += square(x, offset, q));
    lanes.iter().sum()
}
