//! Sums of columns and of rows as scaled integers.

use super::pack::Scale;
use super::unit::{Unit, Work, dispatch};
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::{Width, from_exact, magnitude};
use rayon::prelude::*;

/// Columns that one task handles.
const COLUMNS: usize = 64;
/// Rows that one task handles.
const ROWS: usize = 64;

/// `kernel::column_sums`.
pub(super) fn column_sums(x: &[f32], out: &mut [f32]) {
    let columns = out.len();
    out.par_chunks_mut(COLUMNS).enumerate().for_each(|(task, out)| {
        dispatch(OfColumns { x: x.get(task * COLUMNS..).unwrap_or_default(), columns, out });
    });
}

struct OfColumns<'a> {
    /// From the first column on.
    x: &'a [f32],
    columns: usize,
    out: &'a mut [f32],
}

impl Work for OfColumns<'_> {
    #[inline(always)]
    fn work<U: Unit>(self, _: U) {
        let count = self.out.len();
        let mut most = [0_u32; COLUMNS];
        for row in self.x.chunks(self.columns) {
            for (most, x) in most.iter_mut().zip(row.get(..count).unwrap_or_default()) {
                *most = (*most).max(magnitude(*x));
            }
        }
        let scales = most.map(|most| Scale::new(most, Width::Bits16));
        let mut sums = [0_i32; COLUMNS];
        for row in self.x.chunks(self.columns) {
            for ((sum, x), scale) in sums.iter_mut().zip(row.get(..count).unwrap_or_default()).zip(&scales) {
                *sum += scale.integer(*x);
            }
        }
        for ((out, sum), scale) in self.out.iter_mut().zip(sums).zip(scales) {
            *out = from_exact(f64::from(sum), scale.unscale);
        }
    }
}

/// `kernel::row_losses` of rows of `columns` values.
pub(super) fn row_losses(x: &[f32], columns: usize, power: Power, out: &mut [f32]) {
    let tasks = x.par_chunks(ROWS * columns.max(1)).zip(out.par_chunks_mut(ROWS));
    tasks.for_each(|(x, out)| dispatch(OfRows { x, columns, power, out }));
}

struct OfRows<'a> {
    x: &'a [f32],
    columns: usize,
    power: Power,
    out: &'a mut [f32],
}

impl Work for OfRows<'_> {
    #[inline(always)]
    fn work<U: Unit>(self, _: U) {
        for (row, out) in self.x.chunks_exact(self.columns).zip(self.out) {
            let mut most = 0;
            for x in row {
                most = magnitude(*x).max(most);
            }
            let scale = Scale::new(most, Width::Bits16);
            let mut sum = 0.0;
            for x in row {
                let q = f64::from(scale.integer(*x));
                sum += if self.power == Power::Two { q * q } else { q.abs() };
            }
            let unscale = if self.power == Power::Two { scale.unscale * scale.unscale } else { scale.unscale };
            *out = from_exact(sum, unscale);
        }
    }
}
