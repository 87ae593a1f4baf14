//! What parameters are set to. The setters have the plain names.

use super::PqKMeans;
use crate::clusters::Clusters;

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
}
