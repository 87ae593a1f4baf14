//! Dispatches `assigned_distances`.

use crate::codebook::Codebook;
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::chunk::ChunkBuffers;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::EXACT_WORK;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, copy};
use crate::error::{Result, try_zeros};

/// Twin: `kernel::assigned_distances::assigned_distances`. The codebook must fit a binding.
pub(in crate::device::gpu) fn assigned_distances(rows: &mut GpuRows, codebook: &Codebook) -> Result<Vec<u64>> {
    let (codewords, params) = rows.codewords(codebook)?;
    let mut out = try_zeros(rows.rows, "distances")?;
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    for chunk in chunks.iter() {
        let distances = queue(context, batch, chunk, (&codewords, params), *dim)?;
        let size = chunk.rows.len() as u64 * 8;
        let bytes = batch.read(context, &[Span { buffer: &distances, offset: 0, size }])?;
        let to = out.get_mut(chunk.rows.clone()).unwrap_or_default();
        copy(&bytes, to, u64::from_le_bytes);
    }
    Ok(out)
}

/// Adds the dispatches for the rows of a chunk; returns the buffer that is going to hold their distances.
pub(in crate::device::gpu) fn queue(
    context: &Context,
    batch: &mut CommandBatch,
    chunk: &ChunkBuffers,
    (codewords, params): (&Codewords, Params),
    dim: usize,
) -> Result<wgpu::Buffer> {
    let distances = context.storage("distances", chunk.rows.len() as u64 * 8)?;
    let buffers = [&chunk.values, &codewords.values, &chunk.codes, &distances];
    chunk.run(context, batch, Kernel::AssignedDistances, params, &buffers, dim * EXACT_WORK)?;
    Ok(distances)
}
