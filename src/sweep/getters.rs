//! What the grid of a sweep is set to, see the setters of the same names.

use super::grid::{Sweep, SweepKind};
use crate::metrics::Evaluation;
use crate::rq::Clusters;

impl Sweep {
    /// The numbers of levels, ascending.
    pub fn get_levels(&self) -> &[usize] {
        &self.levels
    }

    /// The clusters per level of the grid.
    pub fn get_clusters(&self) -> &[Clusters] {
        &self.clusters
    }

    /// The kinds of models.
    pub fn get_kinds(&self) -> &[SweepKind] {
        &self.kinds
    }

    /// Whether the clusters of residual k-means are balanced.
    pub fn get_balanced(&self) -> &[bool] {
        &self.balanced
    }

    /// The seeds of the fits.
    pub fn get_seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// What is measured.
    pub fn get_evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// The number of rows whose collisions are predicted.
    pub fn get_predict(&self) -> Option<u64> {
        self.predict
    }
}
