//! What a training tells: progress, epochs, the whole.

use serde::{Deserialize, Serialize};

/// Where a training is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct VaeProgress<'a> {
    /// Epoch, from 1.
    pub epoch: usize,
    /// All epochs.
    pub epochs: usize,
    /// Steps done in this epoch.
    pub step: usize,
    /// Steps of an epoch.
    pub steps: usize,
    /// Loss of the step just done.
    pub loss: f64,
    /// Epochs done before.
    pub done: &'a [EpochReport],
}

/// What an epoch came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct EpochReport {
    /// Epoch, from 1.
    pub epoch: usize,
    /// Mean loss of the training rows: reconstruction and quantization.
    pub loss: f64,
    /// Mean reconstruction loss of the training rows, in units of the standardised rows.
    pub reconstruction: f64,
    /// Mean quantization loss of the training rows: codebook and commitment, weighted.
    pub quantization: f64,
    /// Learning rate of the step after this epoch.
    pub lr: f64,
    /// Loss of the held-out rows.
    pub held_out_loss: f64,
    /// Reconstruction loss of the held-out rows.
    pub held_out_reconstruction: f64,
    /// Quantization loss of the held-out rows.
    pub held_out_quantization: f64,
    /// Of the held-out rows: 1 - different codes / rows.
    pub collision_rate: f64,
    /// Codewords that training rows were given, per level.
    pub used: Vec<usize>,
    /// Perplexity of the codes that training rows were given, per level.
    pub perplexity: Vec<f64>,
}

/// What a training came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RqVaeReport {
    /// Rows trained on.
    pub rows: usize,
    /// Dimensions.
    pub dim: usize,
    /// Epoch whose model was kept, from 1; 0 where there was none.
    pub best_epoch: usize,
    /// All epochs.
    pub epochs: Vec<EpochReport>,
}
