//! Dispatches `adamw`.

use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::matrices::GpuMatrices;
use crate::device::tensors::Parameter;
use crate::error::Result;
use crate::kernel::adamw::StepFactors;

/// Float operations per parameter.
const ADAMW_FLOATS: usize = 14;

/// Twin: `kernel::adamw::adamw`.
pub(in crate::device::gpu) fn adamw(
    matrices: &mut GpuMatrices,
    parameters: Parameter,
    step: &StepFactors,
) -> Result<()> {
    let Parameter { value, gradient, moments: [first, second] } = parameters;
    let StepFactors { beta1, rest1, beta2, rest2, root, epsilon, decay, rate } = *step;
    let factors = [beta1, rest1, beta2, rest2, root, epsilon, decay, rate].map(f32::to_bits);
    matrices.elements(Kernel::AdamW, value.len(), ADAMW_FLOATS, &factors, &[value, gradient, first, second])
}
