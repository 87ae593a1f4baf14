//! Batch norm in training, made of sums of columns and element-wise steps.

use super::parameter::{RowFactors, Scalars, parameter, put};
use crate::device::tensors::{Parameter, Tensor, Tensors};
use crate::error::Result;
use crate::kernel::combine::Op;

/// Gain and shift with the averages over the batches.
pub(super) struct TrainedNorm {
    pub(super) gain: Parameter,
    pub(super) shift: Parameter,
    /// Averages over the batches.
    pub(super) mean: Tensor,
    pub(super) variance: Tensor,
}

/// Activations that batch norm keeps from the forward to the backward pass.
pub(super) struct NormActivations {
    centered: Tensor,
    scratch: Tensor,
    mean: Tensor,
    inverse_root: Tensor,
}

impl NormActivations {
    pub(super) fn new(tensors: &mut dyn Tensors, rows: usize, size: usize) -> Result<Self> {
        Ok(Self {
            centered: tensors.create(rows, size)?,
            scratch: tensors.create(rows, size)?,
            mean: tensors.create(1, size)?,
            inverse_root: tensors.create(1, size)?,
        })
    }
}

impl TrainedNorm {
    pub(super) fn new(tensors: &mut dyn Tensors, count: usize) -> Result<Self> {
        Ok(Self {
            gain: parameter(tensors, 1, count, &vec![1.0; count])?,
            shift: parameter(tensors, 1, count, &vec![0.0; count])?,
            mean: tensors.create(1, count)?,
            variance: put(tensors, 1, count, &vec![1.0; count])?,
        })
    }

    /// `(x - mean) / sqrt(variance + epsilon) gain + shift`, with the batch's mean and variance.
    pub(super) fn forward(
        &self,
        tensors: &mut dyn Tensors,
        x: Tensor,
        kept: &NormActivations,
        factors: &RowFactors,
        scalars: &Scalars,
    ) -> Result<()> {
        tensors.column_sums(x, kept.mean)?;
        tensors.combine(Op::Mul, kept.mean, factors.inverse)?;
        tensors.combine(Op::Sub, x, kept.mean)?;
        tensors.copy(x, kept.scratch)?;
        tensors.combine(Op::Mul, kept.scratch, x)?;
        tensors.column_sums(kept.scratch, kept.inverse_root)?;
        tensors.combine(Op::Mul, kept.inverse_root, factors.inverse)?;
        // The running averages first, as the variance is not needed afterwards.
        self.follow(tensors, kept, factors, scalars)?;
        tensors.combine(Op::InverseRoot, kept.inverse_root, scalars.epsilon)?;
        tensors.combine(Op::Mul, x, kept.inverse_root)?;
        tensors.copy(x, kept.centered)?;
        tensors.combine(Op::Mul, x, self.gain.value)?;
        tensors.combine(Op::Add, x, self.shift.value)
    }

    fn follow(
        &self,
        tensors: &mut dyn Tensors,
        kept: &NormActivations,
        factors: &RowFactors,
        scalars: &Scalars,
    ) -> Result<()> {
        // The backward pass overwrites the gradients, so until then they serve as scratch.
        let averages =
            [(self.mean, kept.mean, self.gain.gradient), (self.variance, kept.inverse_root, self.shift.gradient)];
        for (average, batch, scratch) in averages {
            tensors.copy(batch, scratch)?;
            tensors.combine(Op::Mul, scratch, scalars.take)?;
            if average == self.variance && factors.rows > 1 {
                tensors.combine(Op::Mul, scratch, factors.unbiased)?;
            }
            tensors.combine(Op::Mul, average, scalars.keep)?;
            tensors.combine(Op::Add, average, scratch)?;
        }
        Ok(())
    }

    /// Turns the gradient of the output into that of the input: `gain / root (g - mean(g) - x mean(g x))`.
    pub(super) fn backward(
        &self,
        tensors: &mut dyn Tensors,
        gradient: Tensor,
        kept: &NormActivations,
        factors: &RowFactors,
    ) -> Result<()> {
        tensors.copy(gradient, kept.scratch)?;
        tensors.combine(Op::Mul, kept.scratch, kept.centered)?;
        tensors.column_sums(kept.scratch, self.gain.gradient)?;
        tensors.column_sums(gradient, self.shift.gradient)?;
        tensors.copy(self.gain.gradient, kept.mean)?;
        tensors.combine(Op::Mul, kept.mean, factors.inverse)?;
        tensors.combine(Op::Mul, kept.centered, kept.mean)?;
        tensors.combine(Op::Sub, gradient, kept.centered)?;
        tensors.copy(self.shift.gradient, kept.mean)?;
        tensors.combine(Op::Mul, kept.mean, factors.inverse)?;
        tensors.combine(Op::Sub, gradient, kept.mean)?;
        tensors.combine(Op::Mul, gradient, self.gain.value)?;
        tensors.combine(Op::Mul, gradient, kept.inverse_root)
    }
}
