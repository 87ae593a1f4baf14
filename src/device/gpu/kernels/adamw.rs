//! Dispatches of `adamw`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Trained;
use crate::error::Result;
use crate::kernel::adamw::Step;

/// Float operations of a parameter.
const ADAMW_FLOATS: usize = 14;

/// Twin: `kernel::adamw::adamw`.
pub(in crate::device::gpu) fn adamw(matrices: &mut GpuMatrices, parameters: Trained, step: &Step) -> Result<()> {
    let Trained { value, gradient, moments: [first, second] } = parameters;
    let Step { beta1, rest1, beta2, rest2, root, epsilon, decay, rate } = *step;
    let factors = [beta1, rest1, beta2, rest2, root, epsilon, decay, rate].map(f32::to_bits);
    matrices.elements(Kernel::AdamW, value.len(), ADAMW_FLOATS, &factors, &[value, gradient, first, second])
}
