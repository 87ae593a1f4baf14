//! Dispatches `residual`.

use crate::codebook::Codebook;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::residual::subtract`; the codes stay. The codebook must fit a binding.
pub(in crate::device::gpu) fn subtract(rows: &GpuRows, codebook: &Codebook) -> Result<()> {
    let (codewords, params) = rows.codewords(codebook)?;
    for chunk in &rows.chunks {
        let buffers = [&chunk.values, &codewords.values, &chunk.codes];
        chunk.run(&rows.context, Kernel::Residual, params, &buffers, rows.dim)?;
    }
    Ok(())
}
