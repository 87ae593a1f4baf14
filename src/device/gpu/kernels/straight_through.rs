//! Dispatches `straight_through`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Passing;
use crate::error::Result;
use crate::kernel::straight_through::Weight;

/// Float operations per value, besides those of its levels.
const PASS_FLOATS: usize = 3;

/// Twin: `kernel::straight_through::straight_through`.
pub(in crate::device::gpu) fn straight_through(matrices: &mut GpuMatrices, of: &Passing, weight: Weight) -> Result<()> {
    let Passing { latents, codes, books, quantized, commitment, residuals } = *of;
    let levels = codes.columns;
    let params = [books.columns as u32, levels as u32, weight.exponent as u32, weight.factor.to_bits()];
    let tensors = [latents, codes, books, quantized, commitment, residuals];
    matrices.elements(Kernel::StraightThrough, latents.len(), PASS_FLOATS + levels, &params, &tensors)
}
