//! Dispatches `row_losses`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::gpu::vectors::Vectors;
use crate::device::tensors::Tensor;
use crate::error::Result;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;

/// Twin: `kernel::row_losses::row_losses`.
pub(in crate::device::gpu) fn row_losses(
    matrices: &mut GpuMatrices,
    x: Tensor,
    power: Power,
    out: Tensor,
) -> Result<()> {
    let kind = match power {
        Power::One => 0,
        Power::Two => 1,
    };
    let vectors = Vectors { kind, ..Vectors::rows(x.rows, x.columns, Width::Bits16) };
    matrices.sums(Kernel::RowLosses, vectors, x, out)
}
