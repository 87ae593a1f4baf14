//! Dispatches `on_grid`.

use crate::device::gpu::chunk::run_elements;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::vectors::FLOAT_WORK;
use crate::error::Result;

/// Twin: `kernel::on_grid::on_grid`, of latents that become the rows of a table.
pub(in crate::device::gpu) fn on_grid(table: &mut GpuRows, latents: &wgpu::Buffer, exponent: i32) -> Result<()> {
    let GpuRows { context, batch, chunks, width, dim, .. } = table;
    for chunk in chunks.iter() {
        let rest = [chunk.rows.start * *dim, *dim, *width * 4].map(|word| word as u32);
        let rest = [&rest[..], &[exponent as u32]].concat();
        let values = chunk.rows.len() * *dim;
        run_elements(values, context, batch, Kernel::OnGrid, &rest, (&[latents, &chunk.values], FLOAT_WORK))?;
    }
    table.forget()
}
