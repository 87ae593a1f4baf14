//! Dispatches `residual`.

use crate::codebook::Codebook;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::residual::subtract`; the codes stay. The codebook must fit a binding.
pub(in crate::device::gpu) fn subtract(rows: &mut GpuRows, codebook: &Codebook) -> Result<()> {
    let (codewords, _) = rows.codewords(codebook)?;
    queue_subtract(rows, &codewords)
}

/// Does the same for codewords on the device.
pub(in crate::device::gpu) fn queue_subtract(rows: &mut GpuRows, codewords: &Codewords) -> Result<()> {
    let params = codewords.params(rows.params());
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    for chunk in chunks.iter() {
        let buffers = [&chunk.values, &codewords.values, &chunk.codes];
        chunk.run(context, batch, Kernel::Residual, params, &buffers, *dim)?;
    }
    Ok(())
}
