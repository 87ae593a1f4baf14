//! Divergence: losses far beyond what the rows themselves weigh.
//!
//! Losses of two batches cannot be compared with each other: one of them may hold the only large row of the data, and
//! its loss is then large however good the networks are. So every loss is first divided by the size of the rows that it
//! is of.

use super::params::{Loss, Reduction, RqVae};
use crate::error::{ErrorKind, Result};
use serde::{Deserialize, Serialize};

/// A training whose losses, relative to its rows, are that many times as large as those of untrained networks has
/// diverged.
pub(super) const FACTOR: f64 = 1000.0;

/// The size of rows: the mean loss of answering every row with zeros, which are the mean of standardised rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct RowSize {
    /// The size in the units of the reconstruction loss.
    pub(super) loss: f64,
    /// The mean square of a value.
    pub(super) square: f64,
}

impl RowSize {
    /// The size of standardised rows of `dim` dimensions.
    ///
    /// # Exactness
    /// In f64, from the first value to the last, on the host: the same everywhere.
    pub(super) fn of(rows: &[f32], dim: usize, params: &RqVae) -> Self {
        let (mut magnitudes, mut squares) = (0.0, 0.0);
        for x in rows {
            let x = f64::from(*x);
            magnitudes += x.abs();
            squares += x * x;
        }
        let values = rows.len().max(1) as f64;
        let mean = match params.loss {
            Loss::Mse => squares,
            Loss::L1 => magnitudes,
        } / values;
        let loss = match params.reduction {
            Reduction::Mean => mean,
            Reduction::Sum => mean * dim as f64,
        };
        Self { loss, square: squares / values }
    }
}

/// Losses of a batch, relative to the size of its rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Relative {
    pub(super) reconstruction: f64,
    /// The squared distance of a latent value from its codeword, without weights.
    pub(super) quantization: f64,
}

impl Relative {
    /// The losses of a batch relative to its rows and to all: a batch of nearly zero rows among larger ones may well
    /// cost more than its own rows weigh, as networks answer what they have learnt from the others.
    pub(super) fn new(reconstruction: f64, squared_distance: f64, batch: RowSize, all: RowSize) -> Self {
        // Rows of zeros have no size; their losses count as they are.
        let size = |size: f64| if size > 0.0 { size } else { 1.0 };
        Self {
            reconstruction: reconstruction / size(batch.loss + all.loss),
            quantization: squared_distance / size(batch.square + all.square),
        }
    }

    /// Refuses losses of step `step`, from 1, that are beyond those of the untrained networks.
    ///
    /// # Errors
    /// [`ErrorKind::Diverged`].
    pub(super) fn check(self, untrained: Self, params: &RqVae, step: u64) -> Result<()> {
        // Latents are small at first and may grow to the size of the rows, and where the quantization loss weighs
        // little to what makes it as large as the reconstruction loss.
        let weight = (1.0 + params.beta) * params.quantization_weight;
        let floor = if weight > 0.0 { (1.0 / weight).max(1.0) } else { f64::INFINITY };
        let checks = [
            ("reconstruction loss", self.reconstruction, untrained.reconstruction.max(1.0)),
            ("squared distance from codewords", self.quantization, untrained.quantization.max(floor)),
        ];
        match checks.into_iter().find(|(_, found, usual)| *found > FACTOR * usual) {
            None => Ok(()),
            Some((name, found, usual)) => {
                let what = format!(
                    "the {name} of step {step} is {found:.4e} times what its rows weigh, where at most {:.4e} is usual",
                    FACTOR * usual
                );
                Err(ErrorKind::Diverged { what }.into())
            }
        }
    }
}
