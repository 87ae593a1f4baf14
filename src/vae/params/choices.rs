//! Choices between ways to train.

use crate::kernel::row_losses::Power;
use serde::{Deserialize, Serialize};

/// How the distance of a row from its reconstruction is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Loss {
    /// Squared differences.
    #[default]
    Mse,
    /// Magnitudes of differences.
    L1,
}

impl Loss {
    pub(in crate::vae) fn power(self) -> Power {
        match self {
            Self::Mse => Power::Two,
            Self::L1 => Power::One,
        }
    }
}

/// How the loss of a row is made from those of its dimensions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Reduction {
    /// Their mean: the quantization loss weighs as much at every number of dimensions.
    #[default]
    Mean,
    /// Their sum: reconstruction weighs more, the more dimensions there are.
    Sum,
}

/// How codewords follow the latents. Files name it `"gradient"` or `{"moving-average": 0.99}`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum CodebookUpdate {
    /// By the gradient of the codebook loss, with the optimiser of the other parameters.
    #[default]
    Gradient,
    /// By an exponential moving average, with this decay, of the latents' residuals they are given.
    ///
    /// # References
    /// A. van den Oord et al., Neural Discrete Representation Learning, NeurIPS 2017, appendix A.1.
    MovingAverage(f64),
}

/// How gradients pass the quantizer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Estimator {
    /// Unchanged.
    #[default]
    StraightThrough,
    /// Rotated and scaled as the latent is to its quantized value.
    ///
    /// # References
    /// C. Fifty et al., Restructuring Vector Quantization with the Rotation Trick, ICLR 2025.
    Rotation,
}

/// Which epoch's model is kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Keep {
    /// The epoch with the smallest reconstruction loss on held-out rows. The quantization loss does not count: it grows
    /// with the latents, which start small.
    #[default]
    Loss,
    /// The epoch with the smallest collision rate of held-out rows, and among several the smallest reconstruction loss.
    Collisions,
    /// The last.
    Last,
}
