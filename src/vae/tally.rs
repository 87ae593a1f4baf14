//! Losses and codes of an epoch, summed up step by step.

use super::report::EpochReport;
use super::validation::Validation;
use serde::{Deserialize, Serialize};

/// Losses of a step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct StepLosses {
    pub(super) loss: f64,
    pub(super) reconstruction: f64,
    pub(super) quantization: f64,
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
    pub(super) fn add(&mut self, step: &StepLosses, rows: usize, counts: &[Vec<u64>]) {
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

    /// Says whether part of an epoch of that many rows, with codebooks of these sizes, can have this tally.
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

    pub(super) fn report(&self, epoch: usize, lr: f64, validation: &Validation) -> EpochReport {
        let rows = self.rows.max(1) as f64;
        EpochReport {
            epoch,
            loss: self.loss / rows,
            reconstruction: self.reconstruction / rows,
            quantization: self.quantization / rows,
            lr,
            held_out_loss: validation.loss,
            held_out_reconstruction: validation.reconstruction,
            held_out_quantization: validation.quantization,
            collision_rate: validation.collision_rate,
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
