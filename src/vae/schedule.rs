//! How the learning rate changes over a training.

use crate::error::{Error, Result};
use serde::{Deserialize, Serialize};
use std::f64::consts::PI;

/// The learning rate, as a multiple of the one given. Files name it `"constant"`, `"cosine"`, or
/// `{"step": {"epochs": 50, "gamma": 0.5}}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
#[non_exhaustive]
pub enum Schedule {
    /// The rate stays as it is.
    #[default]
    Constant,
    /// The rate follows half a cosine from 1 to 0, from the end of the warm-up to the last step.
    Cosine,
    /// The rate is multiplied by `gamma` every `epochs` epochs.
    Step {
        /// Epochs between two changes.
        epochs: usize,
        /// The factor.
        gamma: f64,
    },
}

impl Schedule {
    pub(super) fn check(&self) -> Result<()> {
        match self {
            Self::Step { epochs: 0, .. } => Err(Error::parameter("schedule", 0, "must be steps of at least 1 epoch")),
            Self::Step { gamma, .. } if !(0.0..=1.0).contains(gamma) => {
                Err(Error::parameter("gamma", gamma, "must be from 0 to 1"))
            }
            _ => Ok(()),
        }
    }

    /// The factor for step `step`, from 0, of `epochs` epochs with `steps` steps each, the first `warmup` of which warm
    /// up.
    ///
    /// # Exactness
    /// In f64, the cosine by the `libm` crate: the same everywhere.
    pub(super) fn factor(&self, step: u64, steps: u64, epochs: usize, warmup: usize) -> f64 {
        let warm = steps.saturating_mul(warmup as u64);
        if step < warm {
            return (step + 1) as f64 / warm as f64;
        }
        match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let rest = steps.saturating_mul(epochs as u64).saturating_sub(warm).max(1);
                0.5 * (1.0 + libm::cos(PI * ((step - warm) as f64 / rest as f64).min(1.0)))
            }
            Self::Step { epochs, gamma } => libm::pow(*gamma, ((step / steps.max(1)) / *epochs as u64) as f64),
        }
    }
}
