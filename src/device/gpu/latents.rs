//! Gives the latents of a network their codes. Nothing leaves the device: a table has the rows, and its steps wait with
//! those of the matrices.

use super::assignment;
use super::codewords::Codewords;
use super::context::Context;
use super::filter::Filter;
use super::kernels::members::{self, Lists};
use super::kernels::{on_grid, residual};
use super::matrices::GpuMatrices;
use super::rows::GpuRows;
use crate::codebook::Codebook;
use crate::device::tensors::Coding;
use crate::error::Result;
use std::sync::Arc;

/// Implements [`Tensors::quantize`](crate::device::tensors::Tensors::quantize); a codebook must fit a binding. `known`
/// is the table of the batch before, if there was one.
pub(super) fn quantize(
    matrices: &mut GpuMatrices,
    known: &mut Option<LatentTable>,
    of: &Coding,
    levels: &[Codebook],
    exponent: i32,
) -> Result<bool> {
    let latents = matrices.buffer(of.latents)?;
    let (codes, starts, rows) = (matrices.buffer(of.codes)?, matrices.buffer(of.starts)?, matrices.buffer(of.rows)?);
    let table = match known.take().filter(|table| table.suits(of, levels)) {
        Some(table) => Some(table),
        None => LatentTable::new(&matrices.context, of, levels)?,
    };
    let Some(mut table) = table else { return Ok(false) };
    // The table's steps come in between those of the matrices.
    std::mem::swap(&mut matrices.batch, &mut table.rows.batch);
    let queued = table.queue(&latents, [&codes, &starts, &rows], levels, exponent);
    std::mem::swap(&mut matrices.batch, &mut table.rows.batch);
    *known = Some(table);
    queued.map(|()| true)
}

/// A table for batches of latents of one size, with the codewords of all levels.
pub(super) struct LatentTable {
    rows: GpuRows,
    codewords: Vec<Codewords>,
    /// How many rows each codeword of all levels has, and where the next of them is to be listed.
    counts: wgpu::Buffer,
    cursors: wgpu::Buffer,
}

impl LatentTable {
    /// Returns none where a codebook does not fit a binding.
    fn new(context: &Arc<Context>, of: &Coding, levels: &[Codebook]) -> Result<Option<Self>> {
        let mut rows = GpuRows::new(Arc::clone(context), of.latents.rows, of.latents.columns)?;
        if levels.iter().any(|codebook| rows.slice(codebook).is_some()) {
            return Ok(None);
        }
        // Latents have few dimensions, and nothing waits for the counts by which a table gives up bytes.
        rows.filter.get_or_insert(Filter::F32);
        let codewords = levels.iter().map(|codebook| Codewords::new(context, codebook, rows.width));
        let codewords = codewords.collect::<Result<_>>()?;
        let bytes = levels.iter().map(Codebook::clusters).sum::<usize>() as u64 * 4;
        let counts = context.storage("counts", bytes)?;
        Ok(Some(Self { rows, codewords, counts, cursors: context.storage("cursors", bytes)? }))
    }

    fn suits(&self, of: &Coding, levels: &[Codebook]) -> bool {
        let clusters = self.codewords.iter().map(|codewords| codewords.clusters as usize);
        (self.rows.rows, self.rows.dim) == (of.latents.rows, of.latents.columns)
            && clusters.eq(levels.iter().map(Codebook::clusters))
    }

    /// Adds the steps to the batch of the table.
    fn queue(
        &mut self,
        latents: &wgpu::Buffer,
        [codes, starts, members]: [&wgpu::Buffer; 3],
        levels: &[Codebook],
        exponent: i32,
    ) -> Result<()> {
        let Self { rows: table, codewords, counts, cursors } = self;
        on_grid::on_grid(table, latents, exponent)?;
        table.batch.clear(&table.context, counts)?;
        let mut before = 0;
        for (level, (codewords, codebook)) in codewords.iter_mut().zip(levels).enumerate() {
            codewords.replace(&table.context, &mut table.batch, codebook, table.width)?;
            assignment::queue_codewords(table, codewords)?;
            let clusters = codebook.clusters();
            members::number_codes(table, (level, levels.len()), (before, clusters), [codes, counts])?;
            if level + 1 < levels.len() {
                residual::queue_subtract(table, codewords)?;
                table.forget()?;
            }
            before += clusters;
        }
        let lists = Lists { codes, counts, cursors, starts, rows: members };
        members::members(&table.context, &mut table.batch, &lists, (table.rows * levels.len(), before))
    }
}
