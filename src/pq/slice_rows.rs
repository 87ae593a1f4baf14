//! One slice of the residuals of rows, computed when it is read.

use super::leave::leave;
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::Result;
use crate::grid::read_finite;
use crate::quantization::Quantization;
use crate::rows::{Rows, out_of_range};
use crate::rq::OnGrid;
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

/// A slice of what the residual levels leave of rows, as integers on the grid.
///
/// # Exactness
/// The integers are within 3 * 2^21, so they are exact f32: a fit on a grid without offset and with the exponent 0 has
/// them back.
pub(super) struct SliceRows<'a> {
    pub(super) rows: &'a dyn Rows,
    /// The residual levels.
    pub(super) levels: &'a [Codebook],
    /// The codes of all rows at the residual levels (N, R).
    pub(super) codes: &'a [u32],
    pub(super) slice: Range<usize>,
    work: Mutex<Work<'a>>,
}

struct Work<'a> {
    values: Vec<f32>,
    on_grid: OnGrid<'a>,
}

impl<'a> SliceRows<'a> {
    pub(super) fn new(
        rows: &'a dyn Rows,
        quantization: &'a Quantization,
        (levels, codes): (&'a [Codebook], &'a [u32]),
        slice: Range<usize>,
        device: &'a Device,
    ) -> Self {
        let work = Work { values: Vec::new(), on_grid: OnGrid::new(quantization, device) };
        Self { rows, levels, codes, slice, work: Mutex::new(work) }
    }
}

impl Rows for SliceRows<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.slice.len()
    }

    fn is_decoded(&self) -> bool {
        self.rows.is_decoded()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        // The buffers are overwritten before they are read, so a panic in another thread cannot have spoilt them.
        let mut guard = self.work.lock().unwrap_or_else(PoisonError::into_inner);
        let Work { values, on_grid } = &mut *guard;
        let (count, dim, levels) = (out.len() / self.dim(), self.rows.dim(), self.levels.len());
        values.resize(count.saturating_mul(dim), 0.0);
        read_finite(self.rows, first, values)?;
        on_grid.put_for_level_0(first, values)?;
        let codes = self.codes.get(first * levels..(first + count) * levels);
        leave(&mut on_grid.q, self.levels, codes.ok_or_else(|| out_of_range(first, self.len()))?);
        for (row, out) in on_grid.q.chunks_exact(dim).zip(out.chunks_exact_mut(self.dim())) {
            let slice = row.get(self.slice.clone()).unwrap_or_default();
            out.iter_mut().zip(slice).for_each(|(out, q)| *out = *q as f32);
        }
        Ok(())
    }
}
