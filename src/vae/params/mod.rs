//! Parameters of an RQ-VAE's training.

mod check;
mod choices;
mod default;
mod setters;
mod stored;
mod width;

pub(in crate::vae) use check::MAX_LAYERS;
pub use choices::{CodebookUpdate, Estimator, Keep, Loss, Reduction};
pub use width::MatmulWidth;

use super::schedule::Schedule;
use crate::clusters::Clusters;
use crate::kernel::adamw::Rule;
use serde::{Deserialize, Serialize};

/// Rows per step and learning rate of [`RqVae::semantic_id`].
const SEMANTIC_ID: (usize, f64) = (2048, 1e-4);

/// A residual-quantized variational autoencoder to be trained.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels`, `clusters` | 3, 256 | L levels of K codewords each, or one K per level |
/// | `hidden` | 512, 256, 128 | widths of the encoder's hidden layers; the decoder's are the same, reversed |
/// | `latent` | 64 | dimensions of the latent space |
/// | `epochs` | 100 | passes over the rows |
/// | `batch`, `lr` | by the rows | rows per step and learning rate, see below |
/// | `weight_decay`, `betas`, `epsilon` | 0, (0.9, 0.999), 1e-8 | AdamW |
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
/// # Batch and learning rate
/// By default a batch is a 32nd of the rows to train on, rounded down to a power of two, but at least 32 rows, or all
/// where there are fewer, and at most 256. The rate is `2e-3 sqrt(batch / 256)`, also for a given batch, of 32 rows at
/// least and 256 at most. [`RqVae::semantic_id`] has the values that the field's libraries take.
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
/// Parameters are serialized as those of [`RqKMeans`](crate::RqKMeans) are, with `kind` "rq-vae".
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
#[serde(try_from = "stored::StoredNetwork", into = "stored::StoredNetwork")]
pub struct RqVae {
    pub(in crate::vae) levels: usize,
    pub(in crate::vae) clusters: Clusters,
    pub(in crate::vae) hidden: Vec<usize>,
    pub(in crate::vae) latent: usize,
    pub(in crate::vae) epochs: usize,
    /// `None` for the default, which depends on the rows.
    pub(in crate::vae) batch: Option<usize>,
    /// `None` for the default, which depends on the batch.
    pub(in crate::vae) lr: Option<f64>,
    /// The rest of AdamW's parameters; every step has a rate of its own.
    pub(in crate::vae) rule: Rule,
    pub(in crate::vae) schedule: Schedule,
    pub(in crate::vae) warmup: usize,
    pub(in crate::vae) clip: Option<f64>,
    pub(in crate::vae) beta: f64,
    pub(in crate::vae) quantization_weight: f64,
    pub(in crate::vae) loss: Loss,
    pub(in crate::vae) reduction: Reduction,
    pub(in crate::vae) dropout: f64,
    pub(in crate::vae) batch_norm: bool,
    pub(in crate::vae) slope: f32,
    pub(in crate::vae) kmeans_init: bool,
    pub(in crate::vae) kmeans_iters: usize,
    pub(in crate::vae) revive: bool,
    /// Per level, 0 for none; and the iterations.
    pub(in crate::vae) sinkhorn: (Vec<f64>, usize),
    pub(in crate::vae) update: CodebookUpdate,
    pub(in crate::vae) estimator: Estimator,
    pub(in crate::vae) standardize: bool,
    pub(in crate::vae) held_out: f64,
    pub(in crate::vae) keep: Keep,
    pub(in crate::vae) width: MatmulWidth,
    pub(in crate::vae) seed: u64,
    pub(in crate::vae) sample: Option<usize>,
}

/// 3 levels of 256 clusters.
impl Default for RqVae {
    fn default() -> Self {
        Self::new(3, 256)
    }
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
            lr: None,
            rule: Rule { lr: 0.0, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.0 },
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

    /// Makes parameters with the batch and the learning rate of semantic-id: 2,048 rows, so that there must be as many
    /// to train on, and 1e-4. Networks of few rows are far from trained with them after 100 epochs.
    pub fn semantic_id(levels: usize, clusters: impl Into<Clusters>) -> Self {
        let (batch, lr) = SEMANTIC_ID;
        Self::new(levels, clusters).batch(batch).lr(lr)
    }

    /// Epsilon of Sinkhorn at a level, where it is used.
    pub(in crate::vae) fn sinkhorn_of(&self, level: usize) -> Option<f64> {
        let list = &self.sinkhorn.0;
        let epsilon = if list.len() == 1 { list.first() } else { list.get(level) };
        epsilon.copied().filter(|epsilon| *epsilon > 0.0)
    }
}
