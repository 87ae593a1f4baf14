//! What parameters are set to. The setters have the plain names.

use super::PqKMeans;
use crate::clusters::Clusters;
use crate::quantization::Metric;
use crate::rq::{Algorithm, Init};

impl PqKMeans {
    /// Returns the number of all levels, L.
    pub fn get_levels(&self) -> usize {
        self.levels
    }

    /// Returns the number of residual levels, R.
    pub fn get_residual_levels(&self) -> usize {
        self.residual_levels
    }

    /// Returns the clusters per level.
    pub fn get_clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// Returns the seed.
    pub fn get_seed(&self) -> u64 {
        self.seed
    }

    /// Returns the most iterations per level; for mini-batch, the batches per level.
    pub fn get_max_iter(&self) -> usize {
        self.max_iter
    }

    /// Returns the tolerance, as a multiple of the mean variance per dimension.
    pub fn get_tol(&self) -> f64 {
        self.tol
    }

    /// Returns the number of runs per level of which the best is kept.
    pub fn get_n_init(&self) -> usize {
        self.n_init
    }

    /// Returns how first codewords are chosen.
    pub fn get_init(&self) -> Init {
        self.init
    }

    /// Returns the metric.
    pub fn get_metric(&self) -> Metric {
        self.metric
    }

    /// Returns the algorithm.
    pub fn get_algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// Returns the number of rows to fit on; `None` is all.
    pub fn get_sample(&self) -> Option<usize> {
        self.sample
    }

    /// Returns whether each dimension is centered.
    pub fn get_center(&self) -> bool {
        self.center
    }
}
