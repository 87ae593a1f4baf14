//! Parameters as they stand in files: named fields, with a version.
//!
//! A new parameter is a new field here whose default means what was done before there was it.

use super::{DEFAULT_SLICES, PqKMeans};
use crate::clusters::Clusters;
use crate::error::Error;
use crate::fields::{VERSION, check_version};
use crate::quantization::Metric;
use crate::rq::{Algorithm, Init};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Kind {
    #[serde(rename = "pq")]
    Pq,
    #[serde(rename = "rq+pq")]
    ResidualPq,
}

/// [`PqKMeans`], field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stored {
    kind: Kind,
    version: u32,
    levels: Option<usize>,
    /// The levels before the slices, which only the kind `rq+pq` has.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual_levels: Option<usize>,
    clusters: Clusters,
    seed: u64,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    init: Init,
    metric: Metric,
    algorithm: Algorithm,
    sample: Option<usize>,
    center: bool,
}

impl Default for Stored {
    /// The defaults of fields that a file leaves out; `levels` then follow `clusters`, and `residual_levels` the kind.
    fn default() -> Self {
        Self { levels: None, residual_levels: None, ..PqKMeans::default().into() }
    }
}

impl From<PqKMeans> for Stored {
    fn from(params: PqKMeans) -> Self {
        // Without `..`, so that no parameter is forgotten.
        let PqKMeans {
            levels,
            residual_levels,
            clusters,
            seed,
            max_iter,
            tol,
            n_init,
            init,
            metric,
            algorithm,
            sample,
            center,
        } = params;
        Self {
            kind: if residual_levels == 0 { Kind::Pq } else { Kind::ResidualPq },
            version: VERSION,
            levels: Some(levels),
            residual_levels: (residual_levels > 0).then_some(residual_levels),
            clusters,
            seed,
            max_iter,
            tol,
            n_init,
            init,
            metric,
            algorithm,
            sample,
            center,
        }
    }
}

impl TryFrom<Stored> for PqKMeans {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        check_version(stored.version)?;
        let residual_levels = match (stored.kind, stored.residual_levels) {
            (Kind::Pq, None) => 0,
            (Kind::Pq, Some(levels)) => {
                return Err(Error::parameter("residual_levels", levels, "the kind pq has none; take rq+pq"));
            }
            (Kind::ResidualPq, None) => 1,
            (Kind::ResidualPq, Some(0)) => {
                return Err(Error::parameter("residual_levels", 0, "rq+pq has at least 1; take the kind pq for none"));
            }
            (Kind::ResidualPq, Some(levels)) => levels,
        };
        let levels = stored.levels.unwrap_or_else(|| match &stored.clusters {
            Clusters::Same(_) => residual_levels.saturating_add(DEFAULT_SLICES),
            Clusters::PerLevel(list) => list.len(),
        });
        let params = Self {
            levels,
            residual_levels,
            clusters: stored.clusters,
            seed: stored.seed,
            max_iter: stored.max_iter,
            tol: stored.tol,
            n_init: stored.n_init,
            init: stored.init,
            metric: stored.metric,
            algorithm: stored.algorithm,
            sample: stored.sample,
            center: stored.center,
        };
        params.check_alone()?;
        Ok(params)
    }
}
