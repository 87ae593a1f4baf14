//! Parameters and single values of networks in training, on the device.

use super::weights::NORM_EPSILON;
use crate::device::tensors::{Parameter, Tensor, Tensors};
use crate::error::Result;

/// Single values on the device.
pub(super) struct Scalars {
    pub(super) epsilon: Tensor,
    pub(super) keep: Tensor,
    pub(super) take: Tensor,
    /// The factor that clips gradients.
    pub(super) clip: Tensor,
}

/// The share of a batch in the running averages of batch norm.
const MOMENTUM: f32 = 0.1;

impl Scalars {
    pub(super) fn new(tensors: &mut dyn Tensors) -> Result<Self> {
        Ok(Self {
            epsilon: scalar(tensors, NORM_EPSILON)?,
            keep: scalar(tensors, 1.0 - MOMENTUM)?,
            take: scalar(tensors, MOMENTUM)?,
            clip: scalar(tensors, 1.0)?,
        })
    }
}

/// A single value on the device.
pub(super) fn scalar(tensors: &mut dyn Tensors, value: f32) -> Result<Tensor> {
    put(tensors, 1, 1, &[value])
}

pub(super) fn put(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Result<Tensor> {
    let tensor = tensors.create(rows, columns)?;
    tensors.upload(tensor, values)?;
    Ok(tensor)
}

pub(super) fn parameter(tensors: &mut dyn Tensors, rows: usize, columns: usize, values: &[f32]) -> Result<Parameter> {
    let value = put(tensors, rows, columns, values)?;
    let mut zero = || tensors.create(rows, columns);
    Ok(Parameter { value, gradient: zero()?, moments: [zero()?, zero()?] })
}

/// Factors on the device that depend on the number of rows of a batch.
pub(super) struct RowFactors {
    pub(super) rows: usize,
    /// `1 / rows`.
    pub(super) inverse: Tensor,
    /// `rows / (rows - 1)`, which turns the variance of a batch into the unbiased one.
    pub(super) unbiased: Tensor,
}

impl RowFactors {
    pub(super) fn new(tensors: &mut dyn Tensors, rows: usize) -> Result<Self> {
        let inverse = scalar(tensors, 1.0 / rows as f32)?;
        let unbiased = scalar(tensors, rows as f32 / (rows.max(2) - 1) as f32)?;
        Ok(Self { rows, inverse, unbiased })
    }
}
