//! What a training tells: progress, epochs, the whole.

use super::judge::Judged;
use super::step::StepReport;
use super::train::State;
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

impl<'a> VaeProgress<'a> {
    pub(super) fn new(state: &'a State, epochs: usize, loss: f64) -> Self {
        Self { epoch: state.epoch + 1, epochs, step: state.batch, steps: 0, loss, done: &state.reports }
    }
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

/// Sums over the steps of an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Tally {
    rows: u64,
    loss: f64,
    reconstruction: f64,
    quantization: f64,
    counts: Vec<Vec<u64>>,
}

impl Tally {
    pub(super) fn add(&mut self, step: &StepReport, rows: usize, counts: &[Vec<u64>]) {
        let weight = rows as f64;
        self.rows += rows as u64;
        self.loss += weight * step.loss;
        self.reconstruction += weight * step.reconstruction;
        self.quantization += weight * step.quantization;
        for (level, counts) in counts.iter().enumerate() {
            match self.counts.get_mut(level) {
                Some(all) => all.iter_mut().zip(counts).for_each(|(all, count)| *all += count),
                None => self.counts.push(counts.to_vec()),
            }
        }
    }

    /// Whether it can be of part of an epoch of that many rows, with codebooks of these sizes.
    pub(super) fn is_within(&self, rows: usize, clusters: &[usize]) -> bool {
        let sizes = self.counts.iter().map(Vec::len);
        self.rows <= rows as u64
            && self.counts.iter().flatten().all(|count| *count <= self.rows)
            && (self.counts.is_empty() || sizes.eq(clusters.iter().copied()))
    }

    /// Codewords without rows, per level.
    pub(super) fn unused(&self) -> Vec<Vec<usize>> {
        let level = |counts: &Vec<u64>| (0..counts.len()).filter(|k| counts.get(*k) == Some(&0)).collect();
        self.counts.iter().map(level).collect()
    }

    pub(super) fn report(&self, epoch: usize, lr: f64, judged: &Judged) -> EpochReport {
        let rows = self.rows.max(1) as f64;
        EpochReport {
            epoch,
            loss: self.loss / rows,
            reconstruction: self.reconstruction / rows,
            quantization: self.quantization / rows,
            lr,
            held_out_loss: judged.loss,
            held_out_reconstruction: judged.reconstruction,
            held_out_quantization: judged.quantization,
            collision_rate: judged.collision_rate,
            used: self.counts.iter().map(|counts| counts.iter().filter(|count| **count > 0).count()).collect(),
            perplexity: self.counts.iter().map(|counts| perplexity(counts)).collect(),
        }
    }
}

/// `exp(-sum p ln p)`, summed in the order of the codes.
fn perplexity(counts: &[u64]) -> f64 {
    let total = counts.iter().sum::<u64>().max(1) as f64;
    let shares = counts.iter().filter(|count| **count > 0).map(|count| *count as f64 / total);
    libm::exp(-shares.map(|share| share * libm::log(share)).sum::<f64>())
}
