//! Dispatches `column_sums`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::gpu::vectors::Vectors;
use crate::device::tensors::Tensor;
use crate::error::Result;
use crate::kernel::scaled::Width;

/// Twin: `kernel::column_sums::column_sums`.
pub(in crate::device::gpu) fn column_sums(matrices: &mut GpuMatrices, x: Tensor, out: Tensor) -> Result<()> {
    matrices.sums(Kernel::ColumnSums, Vectors::columns(x.columns, x.rows, Width::Bits16), x, out)
}
