//! Dispatches `combine`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Tensor;
use crate::error::Result;
use crate::kernel::combine::Op;

/// Twin: `kernel::combine::combine`.
pub(in crate::device::gpu) fn combine(matrices: &mut GpuMatrices, op: Op, a: Tensor, b: Tensor) -> Result<()> {
    let (code, floats) = match op {
        Op::Add => (0, 1),
        Op::Sub => (1, 1),
        Op::Mul => (2, 1),
        Op::SignTimes => (3, 1),
        Op::InverseRoot => (4, 3),
    };
    matrices.elements(Kernel::Combine, a.len(), floats, &[code, b.len() as u32], &[a, b])
}
