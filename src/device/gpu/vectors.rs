//! Rows or columns of a matrix, as shaders/shared/vectors.wgsl takes them.

use super::batch::CommandBatch;
use super::chunk::slices;
use super::context::Context;
use super::kernel::Kernel;
use crate::error::Result;
use crate::kernel::scaled::Width;

/// How many products of `assign` cost as much as one float operation on integers.
pub(super) const FLOAT_WORK: usize = 64;

/// The meaning of each field is in shaders/shared/vectors.wgsl.
#[derive(Clone, Copy)]
pub(super) struct Vectors {
    pub(super) count: usize,
    pub(super) terms: usize,
    pub(super) vector_stride: usize,
    pub(super) term_stride: usize,
    pub(super) width: Width,
    /// At least `count`; the vectors from `count` on are padding.
    pub(super) padded: usize,
    pub(super) rows: usize,
    pub(super) kind: u32,
}

impl Vectors {
    pub(super) fn rows(count: usize, terms: usize, width: Width) -> Self {
        Self { count, terms, vector_stride: terms, term_stride: 1, width, padded: count, rows: 0, kind: 0 }
    }

    pub(super) fn columns(count: usize, terms: usize, width: Width) -> Self {
        Self { vector_stride: 1, term_stride: count, ..Self::rows(count, terms, width) }
    }

    /// Runs `kernel` over all vectors and the padding.
    pub(super) fn run(
        &self,
        context: &Context,
        batch: &mut CommandBatch,
        kernel: Kernel,
        buffers: &[&wgpu::Buffer],
    ) -> Result<()> {
        let work = self.terms.max(1) * FLOAT_WORK;
        for slice in slices(context, kernel, self.padded, work) {
            let words = [
                slice.start,
                slice.end,
                self.count,
                self.terms,
                self.vector_stride,
                self.term_stride,
                self.width.bits() as usize,
                self.padded,
                self.rows,
            ];
            let params: Vec<u32> = words.into_iter().map(|word| word as u32).chain([self.kind]).collect();
            let groups = (slice.len().div_ceil(kernel.group_rows()) as u32, 1);
            batch.dispatch(context, kernel, &params, buffers, (groups, slice.len() as u64 * work as u64))?;
        }
        Ok(())
    }
}
