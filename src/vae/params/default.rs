//! Batch and learning rate where none is given: they follow the number of rows to train on.
//!
//! Few rows need small batches, or 100 epochs are too few steps to learn anything; many rows need large ones, or an
//! epoch takes long and gains nothing. benches/RESULTS.md has the measurements behind the numbers.

use super::RqVae;

/// A batch is this part of the rows.
const STEPS: usize = 32;
/// Fewest and most rows of a batch.
const BATCHES: std::ops::RangeInclusive<usize> = 32..=256;
/// The rate of the largest batch; smaller ones have one in proportion to the square root of their rows.
const RATE: f64 = 2e-3;

impl RqVae {
    /// The rows per step of a training on `rows` rows.
    pub(in crate::vae) fn batch_of(&self, rows: usize) -> usize {
        let usual = (rows / STEPS).clamp(*BATCHES.start(), *BATCHES.end());
        self.batch_within(rows, 1 << usual.ilog2())
    }

    /// The batch that is given, or else `most` rows, or all where there are fewer. With batch norm, it is the largest
    /// number up to that which leaves no single row for the last batch.
    pub(in crate::vae) fn batch_within(&self, rows: usize, most: usize) -> usize {
        let most = most.min(rows).max(1);
        self.batch.unwrap_or_else(|| match self.batch_norm {
            true => (2..=most).rev().find(|batch| rows % batch != 1).unwrap_or(most),
            false => most,
        })
    }

    /// The learning rate of a training on `rows` rows.
    pub(in crate::vae) fn lr_of(&self, rows: usize) -> f64 {
        let batch = self.batch_of(rows).clamp(*BATCHES.start(), *BATCHES.end());
        self.lr.unwrap_or_else(|| RATE * (batch as f64 / *BATCHES.end() as f64).sqrt())
    }
}
