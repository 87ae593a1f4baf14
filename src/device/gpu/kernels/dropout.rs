//! Dispatches `dropout`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Tensor;
use crate::error::Result;
use crate::kernel::dropout::Mask;

/// Twin: `kernel::dropout::dropout`.
pub(in crate::device::gpu) fn dropout(matrices: &mut GpuMatrices, x: Tensor, mask: &Mask) -> Result<()> {
    let Mask { key: [key0, key1], threshold, factor } = *mask;
    matrices.elements(Kernel::Dropout, x.len(), 1, &[key0, key1, threshold, factor.to_bits()], &[x])
}
