//! What a fit of product codes is asked to do.

mod check;
mod getters;
mod stored;

use crate::clusters::Clusters;
use crate::quantization::Metric;
use crate::rq::{Algorithm, Init};
use serde::{Deserialize, Serialize};

/// Slices of a fit that names no number of levels.
const DEFAULT_SLICES: usize = 8;

/// Product codes to be fitted: every slice of the dimensions gets a code of its own, after levels of residual k-means
/// if there are any.
///
/// | parameter | default | meaning |
/// | --- | --- | --- |
/// | `levels` | 8, plus the residual levels | all levels, L: R residual levels, then a level for each of L - R slices |
/// | `residual_levels` | 0 | levels of residual k-means before the slices, R |
/// | `clusters` | 256 | codewords of every level, or one number per level |
/// | `seed` | 42 | everything random is a function of it |
/// | `max_iter`, `tol`, `n_init`, `init`, `algorithm` | as for residual k-means | see [`RqKMeans`](crate::RqKMeans) |
/// | `metric` | l2 | see [`Metric`]; rows are scaled to unit length before they are cut |
/// | `sample` | all rows | fit on that many rows: those with the smallest hash of (seed, row) |
/// | `center` | on | subtract a middle per dimension (never for cosine) |
///
/// The dimensions are cut in their order: the first D mod S of S slices have one dimension more than the others. The
/// codes of the slices do not depend on each other. So a model that generates IDs can predict them all at once, but a
/// common prefix of these codes says less of how alike two items are: it is about a part of the dimensions. Squared
/// errors are larger than those of as many levels of residual k-means.
///
/// ```
/// use semid::{Device, Matrix, PqKMeans};
///
/// let values: Vec<f32> = (0..800).map(|i| ((i * 37) % 101) as f32).collect();
/// let (rows, device) = (Matrix::new(&values, 8)?, Device::cpu());
/// let model = PqKMeans::new(4, 16).fit(&rows, &device)?;
/// assert_eq!(model.ranges(), [0..2, 2..4, 4..6, 6..8]);
/// let codes = model.encode(&rows, &device)?;
/// assert_eq!(model.decode(&codes)?.len(), values.len());
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # Files
/// Parameters are serialized as an object with `kind` ("pq", or "rq+pq" with residual levels), `version` (1) and the
/// fields of the table. A field that is missing has its default; for "rq+pq" that of `residual_levels` is 1. Unknown
/// fields, unknown versions and values that no fit takes are refused.
///
/// ```
/// use semid::PqKMeans;
///
/// let params: PqKMeans = serde_json::from_str(r#"{"kind": "rq+pq", "levels": 6, "residual_levels": 2}"#)?;
/// assert_eq!(params, PqKMeans::new(6, 256).residual_levels(2));
/// assert!(serde_json::from_str::<PqKMeans>(r#"{"kind": "pq", "residual_levels": 2}"#).is_err());
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "stored::Stored", into = "stored::Stored")]
pub struct PqKMeans {
    pub(super) levels: usize,
    pub(super) residual_levels: usize,
    pub(super) clusters: Clusters,
    pub(super) seed: u64,
    pub(super) max_iter: usize,
    pub(super) tol: f64,
    pub(super) n_init: usize,
    pub(super) init: Init,
    pub(super) metric: Metric,
    pub(super) algorithm: Algorithm,
    pub(super) sample: Option<usize>,
    pub(super) center: bool,
}

/// 8 slices of 256 clusters.
impl Default for PqKMeans {
    fn default() -> Self {
        Self::new(DEFAULT_SLICES, 256)
    }
}

impl PqKMeans {
    /// Makes parameters with `levels` levels of `clusters` codewords each, or as many per level as a list says. All
    /// levels are slices until [`PqKMeans::residual_levels`] makes the first ones residual levels.
    pub fn new(levels: usize, clusters: impl Into<Clusters>) -> Self {
        Self {
            levels,
            residual_levels: 0,
            clusters: clusters.into(),
            seed: 42,
            max_iter: 100,
            tol: 1e-4,
            n_init: 1,
            init: Init::default(),
            metric: Metric::default(),
            algorithm: Algorithm::default(),
            sample: None,
            center: true,
        }
    }

    /// Sets how many of the levels come before the slices, as levels of residual k-means.
    #[must_use]
    pub fn residual_levels(mut self, levels: usize) -> Self {
        self.residual_levels = levels;
        self
    }

    /// Sets the seed.
    #[must_use]
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Sets the most iterations per level (for mini-batch: the batches per level).
    #[must_use]
    pub fn max_iter(mut self, max_iter: usize) -> Self {
        self.max_iter = max_iter;
        self
    }

    /// Sets the tolerance, see [`RqKMeans::tol`](crate::RqKMeans::tol); 0 stops only when nothing moves any more.
    #[must_use]
    pub fn tol(mut self, tol: f64) -> Self {
        self.tol = tol;
        self
    }

    /// Sets the number of runs per level of which the best is kept.
    #[must_use]
    pub fn n_init(mut self, n_init: usize) -> Self {
        self.n_init = n_init;
        self
    }

    /// Sets how first codewords are chosen.
    #[must_use]
    pub fn init(mut self, init: Init) -> Self {
        self.init = init;
        self
    }

    /// Sets the metric.
    #[must_use]
    pub fn metric(mut self, metric: Metric) -> Self {
        self.metric = metric;
        self
    }

    /// Sets the algorithm.
    #[must_use]
    pub fn algorithm(mut self, algorithm: Algorithm) -> Self {
        self.algorithm = algorithm;
        self
    }

    /// Fits on a sample of that many rows; `None` uses all.
    #[must_use]
    pub fn sample(mut self, sample: impl Into<Option<usize>>) -> Self {
        self.sample = sample.into();
        self
    }

    /// Sets whether a middle per dimension is subtracted, see [`RqKMeans::center`](crate::RqKMeans::center).
    #[must_use]
    pub fn center(mut self, center: bool) -> Self {
        self.center = center;
        self
    }
}
