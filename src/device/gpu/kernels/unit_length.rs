//! Dispatches `unit_length`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::EXACT_WORK;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::unit_length::unit_length`.
pub(in crate::device::gpu) fn unit_length(rows: &mut GpuRows) -> Result<()> {
    rows.forget()?;
    let params = rows.params();
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    chunks.iter().try_for_each(|chunk| {
        chunk.run(context, batch, Kernel::UnitLength, params, &[&chunk.values], *dim * EXACT_WORK)
    })
}
