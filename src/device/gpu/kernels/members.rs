//! Dispatches `number_codes`, which also counts the rows of each codeword, `starts` and `members`.

use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::chunk::run_elements;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::members::number_codes`, of the codes of a table; adds their numbers to `counts`.
pub(in crate::device::gpu) fn number_codes(
    table: &mut GpuRows,
    (level, levels): (usize, usize),
    (before, clusters): (usize, usize),
    [all, counts]: [&wgpu::Buffer; 2],
) -> Result<()> {
    let GpuRows { context, batch, chunks, .. } = table;
    for chunk in chunks.iter() {
        let rest = [chunk.rows.start, levels, level, before, clusters].map(|word| word as u32);
        let buffers = [&chunk.codes, all, counts];
        run_elements(chunk.rows.len(), context, batch, Kernel::NumberCodes, &rest, (&buffers, 1))?;
    }
    Ok(())
}

/// The buffers of `starts` and `members`.
pub(in crate::device::gpu) struct Lists<'a> {
    pub(in crate::device::gpu) codes: &'a wgpu::Buffer,
    pub(in crate::device::gpu) counts: &'a wgpu::Buffer,
    pub(in crate::device::gpu) cursors: &'a wgpu::Buffer,
    pub(in crate::device::gpu) starts: &'a wgpu::Buffer,
    pub(in crate::device::gpu) rows: &'a wgpu::Buffer,
}

/// Twin: `kernel::members::members`, of `codes` codes below `clusters`, which are counted.
pub(in crate::device::gpu) fn members(
    context: &Context,
    batch: &mut CommandBatch,
    of: &Lists<'_>,
    (codes, clusters): (usize, usize),
) -> Result<()> {
    let buffers = [of.counts, of.starts, of.cursors];
    batch.dispatch(context, Kernel::Starts, &[clusters as u32], &buffers, ((1, 1), clusters as u64))?;
    run_elements(codes, context, batch, Kernel::Members, &[], (&[of.codes, of.cursors, of.rows], 1))
}
