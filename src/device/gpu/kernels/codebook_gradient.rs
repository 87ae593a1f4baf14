//! Dispatches `codebook_gradient`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::{Members, Tensor};
use crate::error::Result;
use crate::kernel::straight_through::Weight;

/// How many integer operations cost as much as one float operation.
const INTEGERS_PER_FLOAT: usize = 16;

/// Twin: `kernel::codebook_gradient::codebook_gradient`.
pub(in crate::device::gpu) fn codebook_gradient(
    matrices: &mut GpuMatrices,
    of: &Members,
    weight: Weight,
    out: Tensor,
) -> Result<()> {
    let params = [out.columns as u32, weight.exponent as u32, weight.factor.to_bits()];
    // A codeword is taken to have the average number of members; their integers cost far less than floats.
    let floats = 2 + of.rows.len() / out.rows.max(1) / INTEGERS_PER_FLOAT;
    matrices.elements(Kernel::CodebookGradient, out.len(), floats, &params, &[of.residuals, of.rows, of.starts, out])
}
