//! Activations and gradients that a step keeps on the device between the forward and the backward pass.

use super::latent_quantizer::{LatentQuantizer, QuantizerActivations};
use super::network::{Activations, Network};
use super::parameter::scalar;
use crate::device::tensors::{Tensor, Tensors};
use crate::error::Result;

/// Activations and gradients of a whole model for batches of one size.
pub(super) struct BatchActivations {
    pub(super) rows: usize,
    pub(super) encoder: Activations,
    pub(super) decoder: Activations,
    /// The rows themselves, standardised.
    pub(super) target: Tensor,
    /// Reconstruction loss of every row.
    pub(super) losses: Tensor,
    pub(super) quantizer: QuantizerActivations,
    /// Factor of the gradient of the reconstruction loss.
    pub(super) factor: Tensor,
}

impl BatchActivations {
    /// Makes room for batches of `rows` rows of `dim` dimensions.
    pub(super) fn new(
        tensors: &mut dyn Tensors,
        [encoder, decoder]: [&Network; 2],
        quantizer: &LatentQuantizer,
        (rows, dim): (usize, usize),
        factor: f32,
    ) -> Result<Self> {
        Ok(Self {
            rows,
            encoder: encoder.activations(tensors, rows)?,
            decoder: decoder.activations(tensors, rows)?,
            target: tensors.create(rows, dim)?,
            losses: tensors.create(rows, 1)?,
            quantizer: QuantizerActivations::new(tensors, rows, quantizer.books.len(), quantizer.dim)?,
            factor: scalar(tensors, factor)?,
        })
    }
}
