//! What a fit of product codes is asked to do.

mod check;
mod stored;

use crate::clusters::Clusters;
use crate::quantization::Metric;
use crate::rq::{Algorithm, Init, RqKMeans};

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
#[derive(Clone, Debug, PartialEq)]
pub struct PqKMeans {
    /// Parameters that residual k-means has too, for all levels. Those without a setter here keep their defaults.
    pub(super) k_means: RqKMeans,
    pub(super) residual_levels: usize,
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
        Self { k_means: RqKMeans::new(levels, clusters), residual_levels: 0 }
    }

    /// Sets how many of the levels come before the slices, as levels of residual k-means.
    #[must_use]
    pub fn residual_levels(self, residual_levels: usize) -> Self {
        Self { residual_levels, ..self }
    }

    /// Sets a parameter that residual k-means has too.
    fn set(self, set: impl FnOnce(RqKMeans) -> RqKMeans) -> Self {
        Self { k_means: set(self.k_means), ..self }
    }

    /// Sets the seed.
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.set(|k_means| k_means.seed(seed))
    }

    /// Sets the most iterations per level (for mini-batch: the batches per level).
    #[must_use]
    pub fn max_iter(self, max_iter: usize) -> Self {
        self.set(|k_means| k_means.max_iter(max_iter))
    }

    /// Sets the tolerance, see [`RqKMeans::tol`]; 0 stops only when nothing moves any more.
    #[must_use]
    pub fn tol(self, tol: f64) -> Self {
        self.set(|k_means| k_means.tol(tol))
    }

    /// Sets the number of runs per level of which the best is kept.
    #[must_use]
    pub fn n_init(self, n_init: usize) -> Self {
        self.set(|k_means| k_means.n_init(n_init))
    }

    /// Sets how first codewords are chosen.
    #[must_use]
    pub fn init(self, init: Init) -> Self {
        self.set(|k_means| k_means.init(init))
    }

    /// Sets the metric.
    #[must_use]
    pub fn metric(self, metric: Metric) -> Self {
        self.set(|k_means| k_means.metric(metric))
    }

    /// Sets the algorithm.
    #[must_use]
    pub fn algorithm(self, algorithm: Algorithm) -> Self {
        self.set(|k_means| k_means.algorithm(algorithm))
    }

    /// Fits on a sample of that many rows; `None` uses all.
    #[must_use]
    pub fn sample(self, sample: impl Into<Option<usize>>) -> Self {
        self.set(|k_means| k_means.sample(sample))
    }

    /// Sets whether a middle per dimension is subtracted, see [`RqKMeans::center`].
    #[must_use]
    pub fn center(self, center: bool) -> Self {
        self.set(|k_means| k_means.center(center))
    }

    /// Returns the number of residual levels, R.
    pub fn get_residual_levels(&self) -> usize {
        self.residual_levels
    }

    /// Returns the parameters that residual k-means has too; its levels and clusters are those of all levels.
    ///
    /// ```
    /// use semid::PqKMeans;
    ///
    /// let params = PqKMeans::new(6, 64).residual_levels(2).seed(7);
    /// assert_eq!((params.get_k_means().get_levels(), params.get_k_means().get_seed()), (6, 7));
    /// ```
    pub fn get_k_means(&self) -> &RqKMeans {
        &self.k_means
    }
}
