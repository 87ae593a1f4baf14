//! What parameters are set to. The setters have the plain names, as those of [`std::process::Command`] do.

use super::{Algorithm, Clusters, Init, Metric, RqKMeans};

impl RqKMeans {
    /// The number of levels, L.
    pub fn get_levels(&self) -> usize {
        self.levels
    }

    /// The clusters per level.
    pub fn get_clusters(&self) -> &Clusters {
        &self.clusters
    }

    /// The seed.
    pub fn get_seed(&self) -> u64 {
        self.seed
    }

    /// The most iterations per level; for mini-batch, the batches per level.
    pub fn get_max_iter(&self) -> usize {
        self.max_iter
    }

    /// The tolerance, as a multiple of the mean variance per dimension.
    pub fn get_tol(&self) -> f64 {
        self.tol
    }

    /// The number of runs per level of which the best is kept.
    pub fn get_n_init(&self) -> usize {
        self.n_init
    }

    /// Returns how first codewords are chosen.
    pub fn get_init(&self) -> Init {
        self.init
    }

    /// The metric.
    pub fn get_metric(&self) -> Metric {
        self.metric
    }

    /// Whether every level's residuals are scaled to unit length.
    pub fn get_normalize_residuals(&self) -> bool {
        self.normalize_residuals
    }

    /// The algorithm.
    pub fn get_algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The fewest and the most rows of a cluster where clusters are balanced; see [`RqKMeans::sizes`] for bounds that
    /// are `None`.
    pub fn get_sizes(&self) -> Option<(Option<usize>, Option<usize>)> {
        self.sizes
    }

    /// Epsilon and iterations of Sinkhorn, where it is used.
    pub fn get_sinkhorn(&self) -> Option<(f64, usize)> {
        self.sinkhorn
    }

    /// The number of rows to fit on; `None` is all.
    pub fn get_sample(&self) -> Option<usize> {
        self.sample
    }

    /// Whether each dimension is centered.
    pub fn get_center(&self) -> bool {
        self.center
    }

    /// The most rounds of the refinement of all levels together.
    pub fn get_refine(&self) -> usize {
        self.refine
    }

    /// The width of the beam of the refinement.
    pub fn get_refine_beam(&self) -> usize {
        self.refine_beam
    }
}
