//! Parameters of a training as they stand in files: named fields, with a version, as those of residual k-means.

use super::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae};
use crate::clusters::Clusters;
use crate::error::Error;
use crate::fields::{VERSION, check_version};
use crate::kernel::adamw::Rule;
use crate::vae::schedule::Schedule;
use serde::{Deserialize, Serialize};

/// What the `kind` of a network is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum NetworkKind {
    #[serde(rename = "rq-vae")]
    RqVae,
}

/// [`RqVae`], field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StoredNetwork {
    kind: NetworkKind,
    version: u32,
    levels: Option<usize>,
    clusters: Clusters,
    hidden: Vec<usize>,
    latent: usize,
    epochs: usize,
    /// `null` for the default, which depends on the rows.
    batch: Option<usize>,
    /// `null` for the default, which depends on the batch.
    lr: Option<f64>,
    weight_decay: f64,
    betas: [f64; 2],
    epsilon: f64,
    schedule: Schedule,
    warmup: usize,
    clip: Option<f64>,
    beta: f64,
    quantization_weight: f64,
    loss: Loss,
    reduction: Reduction,
    dropout: f64,
    batch_norm: bool,
    slope: f32,
    kmeans_init: bool,
    kmeans_iters: usize,
    revive: bool,
    sinkhorn: NetworkSinkhorn,
    update: CodebookUpdate,
    estimator: Estimator,
    standardize: bool,
    held_out: f64,
    keep: Keep,
    width: MatmulWidth,
    sample: Option<usize>,
    seed: u64,
}

/// Epsilons, one for all levels or one per level, and iterations.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NetworkSinkhorn {
    epsilons: Vec<f64>,
    iterations: usize,
}

impl Default for NetworkSinkhorn {
    fn default() -> Self {
        let (epsilons, iterations) = RqVae::default().sinkhorn;
        Self { epsilons, iterations }
    }
}

impl Default for StoredNetwork {
    /// The defaults of fields that a file leaves out; `levels` then follow `clusters`.
    fn default() -> Self {
        Self { levels: None, ..RqVae::default().into() }
    }
}

impl From<RqVae> for StoredNetwork {
    fn from(params: RqVae) -> Self {
        // Without `..`, so that no parameter is forgotten.
        let RqVae {
            levels,
            clusters,
            hidden,
            latent,
            epochs,
            batch,
            lr,
            rule,
            schedule,
            warmup,
            clip,
            beta,
            quantization_weight,
            loss,
            reduction,
            dropout,
            batch_norm,
            slope,
            kmeans_init,
            kmeans_iters,
            revive,
            sinkhorn,
            update,
            estimator,
            standardize,
            held_out,
            keep,
            width,
            sample,
            seed,
        } = params;
        let Rule { beta1, beta2, epsilon, weight_decay, .. } = rule;
        let (epsilons, iterations) = sinkhorn;
        Self {
            kind: NetworkKind::RqVae,
            version: VERSION,
            levels: Some(levels),
            clusters,
            hidden,
            latent,
            epochs,
            batch,
            lr,
            weight_decay,
            betas: [beta1, beta2],
            epsilon,
            schedule,
            warmup,
            clip,
            beta,
            quantization_weight,
            loss,
            reduction,
            dropout,
            batch_norm,
            slope,
            kmeans_init,
            kmeans_iters,
            revive,
            sinkhorn: NetworkSinkhorn { epsilons, iterations },
            update,
            estimator,
            standardize,
            held_out,
            keep,
            width,
            sample,
            seed,
        }
    }
}

impl TryFrom<StoredNetwork> for RqVae {
    type Error = Error;

    fn try_from(stored: StoredNetwork) -> Result<Self, Error> {
        check_version(stored.version)?;
        let [beta1, beta2] = stored.betas;
        let StoredNetwork { epsilon, weight_decay, .. } = stored;
        let params = Self {
            levels: stored.levels.unwrap_or_else(|| stored.clusters.default_levels()),
            clusters: stored.clusters,
            hidden: stored.hidden,
            latent: stored.latent,
            epochs: stored.epochs,
            batch: stored.batch,
            lr: stored.lr,
            rule: Rule { lr: 0.0, beta1, beta2, epsilon, weight_decay },
            schedule: stored.schedule,
            warmup: stored.warmup,
            clip: stored.clip,
            beta: stored.beta,
            quantization_weight: stored.quantization_weight,
            loss: stored.loss,
            reduction: stored.reduction,
            dropout: stored.dropout,
            batch_norm: stored.batch_norm,
            slope: stored.slope,
            kmeans_init: stored.kmeans_init,
            kmeans_iters: stored.kmeans_iters,
            revive: stored.revive,
            sinkhorn: (stored.sinkhorn.epsilons, stored.sinkhorn.iterations),
            update: stored.update,
            estimator: stored.estimator,
            standardize: stored.standardize,
            held_out: stored.held_out,
            keep: stored.keep,
            width: stored.width,
            sample: stored.sample,
            seed: stored.seed,
        };
        params.check_alone()?;
        Ok(params)
    }
}
