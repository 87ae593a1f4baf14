//! Reports of a training: its progress, its epochs and its end.

use crate::grid::Outlier;
use crate::rq::readable;
use serde::{Deserialize, Serialize};
use std::fmt;

/// How far a training is.
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

/// How the training goes, without where it is.
impl fmt::Display for VaeProgress<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loss {}", readable(self.loss))?;
        let Some(last) = self.done.last() else { return Ok(()) };
        let used: Vec<String> = last.used.iter().map(usize::to_string).collect();
        let (held_out, collisions, used) = (readable(last.held_out_loss), 100.0 * last.collision_rate, used.join("/"));
        write!(f, ", held out {held_out}, {collisions:.1} % collisions, codes used {used}")
    }
}

/// Losses and codes of an epoch.
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
    /// Collision rate of the held-out rows: `1 - different codes / rows`.
    pub collision_rate: f64,
    /// Number of codewords that at least one training row was assigned to, per level.
    pub used: Vec<usize>,
    /// Perplexity of the codes of training rows, per level.
    pub perplexity: Vec<f64>,
}

/// The report of a whole training.
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
    /// Number of values that lie far beyond all others of their dimension; the network takes them as the farthest of
    /// these.
    pub saturated_values: u64,
    /// The farthest value of each of the worst rows with such values, 8 rows at most, farthest first.
    pub outliers: Vec<Outlier>,
}
