//! Dispatches `rectify` and `rectify_gradient`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Tensor;
use crate::error::Result;

/// Twin: `kernel::rectify::rectify`.
pub(in crate::device::gpu) fn rectify(matrices: &mut GpuMatrices, x: Tensor, slope: f32) -> Result<()> {
    matrices.elements(Kernel::Rectify, x.len(), 1, &[slope.to_bits()], &[x])
}

/// Twin: `kernel::rectify::rectify_gradient`.
pub(in crate::device::gpu) fn rectify_gradient(
    matrices: &mut GpuMatrices,
    gradient: Tensor,
    output: Tensor,
    slope: f32,
) -> Result<()> {
    matrices.elements(Kernel::RectifyGradient, gradient.len(), 1, &[slope.to_bits()], &[gradient, output])
}
