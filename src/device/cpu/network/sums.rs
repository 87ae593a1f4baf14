//! Sums of columns and of rows as scaled integers.

use super::pack::{Scale, Scales, first};
use crate::device::cpu::pairs::{Multiplier, PairWork};
use crate::device::cpu::unit::Unit;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::{Width, from_exact, magnitude};
use rayon::prelude::*;

/// Columns that one task handles.
const COLUMNS: usize = 32;
/// Rows that one task handles.
const ROWS: usize = 64;

/// `kernel::column_sums`.
pub(super) fn column_sums(unit: Unit, x: &[f32], out: &mut [f32]) {
    let columns = out.len();
    out.par_chunks_mut(COLUMNS).enumerate().for_each(|(task, out)| {
        unit.run_pairs(OfColumns { x: x.get(task * COLUMNS..).unwrap_or_default(), columns, out });
    });
}

struct OfColumns<'a> {
    /// The values from the first column on.
    x: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
}

impl PairWork for OfColumns<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        let scales = Scales::<COLUMNS>::new(self.x.chunks(self.columns), Width::Bits16);
        let mut sums = [0_i32; COLUMNS];
        for row in self.x.chunks(self.columns) {
            for (sum, integer) in sums.iter_mut().zip(scales.integers(&first(row))) {
                *sum += integer;
            }
        }
        for ((out, sum), unscale) in self.out.iter_mut().zip(sums).zip(scales.unscale) {
            *out = from_exact(f64::from(sum), unscale);
        }
    }
}

/// `kernel::row_losses` of rows of `columns` values.
pub(super) fn row_losses(unit: Unit, x: &[f32], columns: usize, power: Power, out: &mut [f32]) {
    let tasks = x.par_chunks(ROWS * columns.max(1)).zip(out.par_chunks_mut(ROWS));
    tasks.for_each(|(x, out)| unit.run_pairs(OfRows { x, columns, power, out }));
}

struct OfRows<'a> {
    x: &'a [f32],
    columns: usize,
    power: Power,
    out: &'a mut [f32],
}

impl PairWork for OfRows<'_> {
    #[inline(always)]
    fn work<M: Multiplier>(self, _: M) {
        for (row, out) in self.x.chunks_exact(self.columns).zip(self.out) {
            let mut most = 0;
            for x in row {
                most = magnitude(*x).max(most);
            }
            let scale = Scale::new(most, Width::Bits16);
            let sum = match self.power {
                Power::One => sum(row, |x| f64::from(scale.integer(x).abs())),
                Power::Two => sum(row, |x| f64::from(scale.integer(x) * scale.integer(x))),
            };
            let unscale = if self.power == Power::Two { scale.unscale * scale.unscale } else { scale.unscale };
            *out = from_exact(sum, unscale);
        }
    }
}

/// A sum of integers within 2^53, in lanes of its own for the vector unit.
#[inline(always)]
fn sum(row: &[f32], term: impl Fn(f32) -> f64) -> f64 {
    let (chunks, rest) = row.as_chunks::<8>();
    let mut sums = [0.0; 8];
    for chunk in chunks {
        for (sum, x) in sums.iter_mut().zip(chunk) {
            *sum += term(*x);
        }
    }
    sums.into_iter().sum::<f64>() + rest.iter().map(|x| term(*x)).sum::<f64>()
}
