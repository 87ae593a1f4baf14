//! Dispatches `assigned_distances`.

use crate::codebook::Codebook;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::EXACT_WORK;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, copy};
use crate::error::{Result, try_zeros};

/// Twin: `kernel::assigned_distances::assigned_distances`. The codebook must fit a binding.
pub(in crate::device::gpu) fn assigned_distances(rows: &mut GpuRows, codebook: &Codebook) -> Result<Vec<u64>> {
    let (codewords, params) = rows.codewords(codebook)?;
    let mut out = try_zeros(rows.rows, "distances")?;
    let kernel = Kernel::AssignedDistances;
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    for chunk in chunks.iter() {
        let distances = context.storage("distances", chunk.rows.len() as u64 * 8)?;
        let buffers = [&chunk.values, &codewords.values, &chunk.codes, &distances];
        chunk.run(context, batch, kernel, params, &buffers, *dim * EXACT_WORK)?;
        let size = chunk.rows.len() as u64 * 8;
        let bytes = batch.read(context, &[Span { buffer: &distances, offset: 0, size }])?;
        let to = out.get_mut(chunk.rows.clone()).unwrap_or_default();
        copy(&bytes, to, u64::from_le_bytes);
    }
    Ok(out)
}
