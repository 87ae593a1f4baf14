//! Parameters of an RQ-VAE's training.

use super::schedule::Schedule;
use crate::clusters::Clusters;
use crate::error::{Error, ErrorKind, Result};
use crate::kernel::adamw::Rule;
use crate::kernel::row_losses::Power;
use crate::kernel::scaled::Width;
use crate::rq::{RqKMeans, SINKHORN_EPSILON};
use crate::{MAX_DIM, kernel::matmul::MAX_TERMS};
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
    pub(super) fn power(self) -> Power {
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

/// Bits of the integers that matrices are multiplied in; every sum is exact.
///
/// 8 is the default because it is what real embeddings favour: trained on 20,000 of them (384 dimensions, 3 x 256
/// codes, 30 epochs), both reconstruct as f32 does to 0.2 %, use as many codes, and 8 bits take 0.6 of the time. 16 is
/// for rows that keep outliers when they are standardised: a vector's integers share one scale, and a value a hundred
/// times the others leaves these a single bit of 8. Files name the number of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
#[non_exhaustive]
pub enum MatmulWidth {
    /// 8 bits.
    #[default]
    Eight,
    /// 16 bits: gradients agree with those of f32 to better than 1 part in 1,000.
    Sixteen,
}

impl MatmulWidth {
    pub(super) fn width(self) -> Width {
        match self {
            Self::Eight => Width::Bits8,
            Self::Sixteen => Width::Bits16,
        }
    }

    /// 8 or 16.
    pub fn bits(self) -> u32 {
        match self {
            Self::Eight => 8,
            Self::Sixteen => 16,
        }
    }
}

impl From<MatmulWidth> for u32 {
    fn from(width: MatmulWidth) -> Self {
        width.bits()
    }
}

impl TryFrom<u32> for MatmulWidth {
    type Error = Error;

    /// # Errors
    /// [`ErrorKind::Parameter`] for a number other than 8 and 16.
    fn try_from(bits: u32) -> Result<Self> {
        match bits {
            8 => Ok(Self::Eight),
            16 => Ok(Self::Sixteen),
            _ => Err(Error::parameter("width", bits, "8 and 16 bits are supported")),
        }
    }
}

/// Rows per step, where there are so many and no other number is asked for.
pub(super) const DEFAULT_BATCH: usize = 2048;

/// Most hidden layers.
pub(super) const MAX_LAYERS: usize = 64;

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

/// A residual-quantized variational autoencoder to be trained: parameters with the defaults users know.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels`, `clusters` | 3, 256 | L levels of K codewords each, or one K per level |
/// | `hidden` | 512, 256, 128 | widths of the encoder's hidden layers; the decoder's are the same, reversed |
/// | `latent` | 64 | dimensions of the latent space |
/// | `epochs`, `batch` | 100, 2048 | passes over the rows; rows per step, by default at most as many as there are |
/// | `lr`, `weight_decay`, `betas`, `epsilon` | 1e-4, 0, (0.9, 0.999), 1e-8 | AdamW |
/// | `schedule`, `warmup` | constant, 0 | see [`Schedule`]; epochs over which the rate rises from 0 |
/// | `clip` | off | largest norm of the whole gradient |
/// | `beta` | 0.25 | weight of the commitment loss |
/// | `quantization_weight` | 1 | weight of codebook and commitment losses together |
/// | `loss`, `reduction` | mse, mean | see [`Loss`], [`Reduction`] |
/// | `dropout`, `batch_norm`, `slope` | 0, off, 0 | of the layers; `slope` above 0 makes ReLU leaky |
/// | `kmeans_init`, `kmeans_iters` | on, 100 | codebooks start as residual k-means of latents, not at random |
/// | `revive` | on | codewords without rows in an epoch restart at the residual of some row |
/// | `sinkhorn` | off | see [`RqVae::sinkhorn`] |
/// | `update`, `estimator` | gradient, straight-through | see [`CodebookUpdate`], [`Estimator`] |
/// | `standardize` | on | inputs are shifted and scaled to mean 0, variance 1 per dimension |
/// | `held_out` | 0.05 | share of the rows kept from training, at most 65,536, on which every epoch is validated |
/// | `keep` | loss | see [`Keep`] |
/// | `width` | 8 bits | see [`MatmulWidth`] |
/// | `sample` | all rows | train and judge on that many rows: those with the smallest hash of (seed, row) |
/// | `seed` | 42 | everything random is a function of it |
///
/// Rows are held in memory, standardised, as f32. Where the field's libraries have other defaults: they start codebooks
/// at random, restart none, and leave inputs as they are; each of the three makes codes collapse.
///
/// ```
/// use semid::{Device, Matrix, RqVae};
///
/// let values: Vec<f32> = (0..2000).map(|i| ((i * i) % 101) as f32).collect();
/// let rows = Matrix::new(&values, 8)?;
/// let vae = RqVae::new(2, 8).hidden([16]).latent(4).epochs(2).batch(64).lr(1e-3);
/// let model = vae.fit(&rows, &Device::cpu())?;
/// let codes = model.encode(&rows, &Device::cpu())?;
/// assert_eq!((codes.len(), codes.levels()), (250, 2));
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # References
/// D. Lee et al., Autoregressive Image Generation using Residual Quantization, CVPR 2022. S. Rajput et al., Recommender
/// Systems with Generative Retrieval, NeurIPS 2023.
///
/// # Files
/// Parameters are serialized as those of [`RqKMeans`] are, with `kind` "rq-vae".
///
/// ```
/// use semid::vae::Schedule;
/// use semid::RqVae;
///
/// let params: RqVae = serde_json::from_str(r#"{"clusters": 64, "schedule": "cosine", "lr": 1e-3}"#)?;
/// assert_eq!(params, RqVae::new(3, 64).schedule(Schedule::Cosine).lr(1e-3));
/// # Ok::<(), serde_json::Error>(())
/// ```
// What it does is in `train.rs` (fit and begin), `plus.rs` (from a residual k-means model), `checkpoint.rs` (resume),
// `variant.rs` (sizes and seeds of a sweep) and `data.rs` (how rows are split).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "super::stored::Stored", into = "super::stored::Stored")]
pub struct RqVae {
    pub(super) levels: usize,
    pub(super) clusters: Clusters,
    pub(super) hidden: Vec<usize>,
    pub(super) latent: usize,
    pub(super) epochs: usize,
    /// `None` for the default, which depends on the rows.
    pub(super) batch: Option<usize>,
    pub(super) rule: Rule,
    pub(super) schedule: Schedule,
    pub(super) warmup: usize,
    pub(super) clip: Option<f64>,
    pub(super) beta: f64,
    pub(super) quantization_weight: f64,
    pub(super) loss: Loss,
    pub(super) reduction: Reduction,
    pub(super) dropout: f64,
    pub(super) batch_norm: bool,
    pub(super) slope: f32,
    pub(super) kmeans_init: bool,
    pub(super) kmeans_iters: usize,
    pub(super) revive: bool,
    /// Per level, 0 for none; and the iterations.
    pub(super) sinkhorn: (Vec<f64>, usize),
    pub(super) update: CodebookUpdate,
    pub(super) estimator: Estimator,
    pub(super) standardize: bool,
    pub(super) held_out: f64,
    pub(super) keep: Keep,
    pub(super) width: MatmulWidth,
    pub(super) seed: u64,
    pub(super) sample: Option<usize>,
}

/// 3 levels of 256 clusters.
impl Default for RqVae {
    fn default() -> Self {
        Self::new(3, 256)
    }
}

macro_rules! setters {
    ($($(#[$doc:meta])* $name:ident: $type:ty),* $(,)?) => {
        $($(#[$doc])* pub fn $name(mut self, $name: $type) -> Self {
            self.$name = $name;
            self
        })*
    };
}

impl RqVae {
    /// `levels` levels with `clusters` codewords each, or as many per level as a list says.
    pub fn new(levels: usize, clusters: impl Into<Clusters>) -> Self {
        Self {
            levels,
            clusters: clusters.into(),
            hidden: vec![512, 256, 128],
            latent: 64,
            epochs: 100,
            batch: None,
            rule: Rule { lr: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
            schedule: Schedule::default(),
            warmup: 0,
            clip: None,
            beta: 0.25,
            quantization_weight: 1.0,
            loss: Loss::default(),
            reduction: Reduction::default(),
            dropout: 0.0,
            batch_norm: false,
            slope: 0.0,
            kmeans_init: true,
            kmeans_iters: 100,
            revive: true,
            sinkhorn: (Vec::new(), 100),
            update: CodebookUpdate::default(),
            estimator: Estimator::default(),
            standardize: true,
            held_out: 0.05,
            keep: Keep::default(),
            width: MatmulWidth::default(),
            seed: 42,
            sample: None,
        }
    }

    setters! {
        /// Sets the dimensions of the latent space.
        latent: usize,
        /// Sets the passes over the rows; 0 gives the untrained model.
        epochs: usize,
        /// Sets how the learning rate changes.
        schedule: Schedule,
        /// Sets over how many epochs the learning rate rises from 0.
        warmup: usize,
        /// Sets the weight of the commitment loss.
        beta: f64,
        /// Sets the weight of codebook and commitment losses together.
        quantization_weight: f64,
        /// Sets how reconstructions are judged.
        loss: Loss,
        /// Sets whether the reconstruction loss is averaged or summed over the dimensions.
        reduction: Reduction,
        /// Sets the probability with which inputs of layers are dropped.
        dropout: f64,
        /// Sets whether hidden layers are normalised over the batch.
        batch_norm: bool,
        /// Sets the slope of the rectifier below zero.
        slope: f32,
        /// Sets whether codebooks start as residual k-means of latents.
        kmeans_init: bool,
        /// Sets the most iterations of that k-means per level.
        kmeans_iters: usize,
        /// Sets whether codewords without rows restart.
        revive: bool,
        /// Sets how codewords follow the latents.
        update: CodebookUpdate,
        /// Sets how gradients pass the quantizer.
        estimator: Estimator,
        /// Sets whether inputs are standardised per dimension.
        standardize: bool,
        /// Sets the share of rows kept from training; with 0 epochs are validated on some of the training rows.
        held_out: f64,
        /// Sets which epoch's model is kept.
        keep: Keep,
        /// Sets the bits of matrix products.
        width: MatmulWidth,
        /// Sets the seed.
        seed: u64,
    }

    /// Sets the widths of the encoder's hidden layers.
    #[must_use]
    pub fn hidden(mut self, hidden: impl Into<Vec<usize>>) -> Self {
        self.hidden = hidden.into();
        self
    }

    /// Sets the rows per step; without, they are 2,048, or all rows to train on where there are fewer.
    #[must_use]
    pub fn batch(mut self, batch: usize) -> Self {
        self.batch = Some(batch);
        self
    }

    /// The rows per step of a training on `rows` rows. With batch norm the default is the largest size up to 2,048 that
    /// leaves no single row for the last batch.
    pub(super) fn batch_of(&self, rows: usize) -> usize {
        let most = rows.clamp(1, DEFAULT_BATCH);
        self.batch.unwrap_or_else(|| match self.batch_norm {
            true => (2..=most).rev().find(|batch| rows % batch != 1).unwrap_or(most),
            false => most,
        })
    }

    /// Sets the learning rate.
    #[must_use]
    pub fn lr(mut self, lr: f64) -> Self {
        self.rule.lr = lr;
        self
    }

    /// Sets the weight decay.
    #[must_use]
    pub fn weight_decay(mut self, weight_decay: f64) -> Self {
        self.rule.weight_decay = weight_decay;
        self
    }

    /// Sets the decay of AdamW's two moments.
    #[must_use]
    pub fn betas(mut self, beta1: f64, beta2: f64) -> Self {
        (self.rule.beta1, self.rule.beta2) = (beta1, beta2);
        self
    }

    /// Sets what AdamW adds to its denominators.
    #[must_use]
    pub fn epsilon(mut self, epsilon: f64) -> Self {
        self.rule.epsilon = epsilon;
        self
    }

    /// Sets the largest norm of the whole gradient; `None` leaves gradients as they are.
    #[must_use]
    pub fn clip(mut self, clip: impl Into<Option<f64>>) -> Self {
        self.clip = clip.into();
        self
    }

    /// Assigns latents by Sinkhorn while training, softly balanced, with an epsilon for every level or one for all; 0
    /// leaves a level as it is. Held-out rows, and rows encoded later, get their nearest codewords.
    ///
    /// # References
    /// B. Zheng et al., Adapting Large Language Models by Integrating Collaborative Semantics for Recommendation, ICDE
    /// 2024.
    #[must_use]
    pub fn sinkhorn(mut self, epsilons: impl Into<Vec<f64>>, iterations: usize) -> Self {
        self.sinkhorn = (epsilons.into(), iterations);
        self
    }

    /// Epsilon of Sinkhorn at a level, where it is used.
    pub(super) fn sinkhorn_of(&self, level: usize) -> Option<f64> {
        let list = &self.sinkhorn.0;
        let epsilon = if list.len() == 1 { list.first() } else { list.get(level) };
        epsilon.copied().filter(|epsilon| *epsilon > 0.0)
    }

    fn check_sinkhorn(&self) -> Result<()> {
        let (epsilons, iterations) = &self.sinkhorn;
        if epsilons.len() > 1 && epsilons.len() != self.levels {
            let expected = format!("give one epsilon for all levels or {}, one for each", self.levels);
            return Err(Error::parameter("sinkhorn", format!("{epsilons:?}"), expected));
        }
        let usable = |epsilon: &f64| *epsilon == 0.0 || (*epsilon >= SINKHORN_EPSILON && epsilon.is_finite());
        if let Some(epsilon) = epsilons.iter().find(|epsilon| !usable(epsilon)) {
            let expected = format!("must be 0, or a finite number of {SINKHORN_EPSILON} or more");
            return Err(Error::parameter("sinkhorn", epsilon, expected));
        }
        match iterations {
            0 => Err(Error::parameter("sinkhorn", 0, "takes at least 1 iteration")),
            _ => Ok(()),
        }
    }

    /// Uses a sample of that many rows; `None` uses all.
    #[must_use]
    pub fn sample(mut self, sample: impl Into<Option<usize>>) -> Self {
        self.sample = sample.into();
        self
    }

    /// Refuses parameters that make no sense for `rows` training rows of `dim` dimensions; returns the clusters per
    /// level.
    pub(super) fn check(&self, rows: usize, dim: usize) -> Result<Vec<usize>> {
        let clusters = RqKMeans::new(self.levels, self.clusters.clone()).clusters_per_level()?;
        if dim == 0 || dim > MAX_DIM {
            return Err(ErrorKind::Dim { dim }.into());
        }
        if rows == 0 {
            return Err(ErrorKind::Empty.into());
        }
        self.check_shape()?;
        let (most, batch) = (rows.min(MAX_TERMS), self.batch_of(rows));
        if batch == 0 || batch > most {
            let expected = format!("1 to {most} rows: there are {rows} rows to train on, and at most {MAX_TERMS} fit");
            return Err(Error::parameter("batch", batch, expected));
        }
        if self.batch_norm && (batch == 1 || rows % batch == 1) {
            let expected = "batch norm needs at least two rows in every batch, the last one too";
            return Err(Error::parameter("batch", batch, expected));
        }
        match clusters.iter().enumerate().find(|(_, clusters)| self.kmeans_init && **clusters > rows) {
            Some((level, clusters)) => Err(ErrorKind::TooFewRows { rows, clusters: *clusters, level }.into()),
            None => Ok(clusters),
        }
    }

    /// Refuses parameters that make no sense, whatever the rows.
    pub(super) fn check_alone(&self) -> Result<()> {
        RqKMeans::new(self.levels, self.clusters.clone()).clusters_per_level()?;
        self.check_shape()?;
        if self.batch == Some(0) {
            return Err(Error::parameter("batch", 0, "must be at least 1"));
        }
        self.check_numbers()
    }

    /// Refuses layers that cannot be built.
    fn check_shape(&self) -> Result<()> {
        if let Some(width) = self.hidden.iter().find(|width| **width == 0 || **width > MAX_DIM) {
            return Err(Error::parameter("hidden", width, format!("1 to {MAX_DIM} are supported")));
        }
        if self.hidden.len() > MAX_LAYERS {
            let expected = format!("at most {MAX_LAYERS} hidden layers are supported");
            return Err(Error::parameter("hidden", format!("{} layers", self.hidden.len()), expected));
        }
        match self.latent {
            1..=MAX_DIM => Ok(()),
            latent => Err(Error::parameter("latent", latent, format!("1 to {MAX_DIM} are supported"))),
        }
    }

    /// Refuses numbers out of range, whatever the rows.
    pub(super) fn check_numbers(&self) -> Result<()> {
        let average = match self.update {
            CodebookUpdate::MovingAverage(decay) => decay,
            CodebookUpdate::Gradient => 0.0,
        };
        let below_one = [
            ("dropout", self.dropout),
            ("held_out", self.held_out),
            ("beta1", self.rule.beta1),
            ("beta2", self.rule.beta2),
            ("ema", average),
        ];
        if let Some((name, value)) = below_one.into_iter().find(|(_, value)| !(0.0..1.0).contains(value)) {
            return Err(Error::parameter(name, value, "must be at least 0 and below 1"));
        }
        for (name, value) in [("sample", self.sample), ("kmeans_iters", Some(self.kmeans_iters))] {
            if value == Some(0) {
                return Err(Error::parameter(name, 0, "must be at least 1"));
            }
        }
        let not_negative = [
            ("lr", self.rule.lr),
            ("weight_decay", self.rule.weight_decay),
            ("beta", self.beta),
            ("quantization_weight", self.quantization_weight),
            ("slope", f64::from(self.slope)),
        ];
        if let Some((name, value)) = not_negative.into_iter().find(|(_, value)| !(*value >= 0.0 && value.is_finite())) {
            return Err(Error::parameter(name, value, "must be a finite number, 0 or more"));
        }
        let positive = [("epsilon", self.rule.epsilon), ("clip", self.clip.unwrap_or(1.0))];
        match positive.into_iter().find(|(_, value)| !(*value > 0.0 && value.is_finite())) {
            Some((name, value)) => Err(Error::parameter(name, value, "must be a finite number above 0")),
            None => self.check_sinkhorn().and_then(|()| self.schedule.check()),
        }
    }
}
