//! Dispatches `unit_length`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::kernels::EXACT_WORK;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::unit_length::unit_length`.
pub(in crate::device::gpu) fn unit_length(rows: &mut GpuRows) -> Result<()> {
    rows.forget()?;
    rows.chunks.iter().try_for_each(|chunk| {
        chunk.run(&rows.context, Kernel::UnitLength, rows.params(), &[&chunk.values], rows.dim * EXACT_WORK)
    })
}
