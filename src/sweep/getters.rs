//! What the grid of a sweep is set to, see the setters of the same names.

use super::grid::Sweep;
use crate::clusters::Clusters;
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;

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
    pub fn get_kinds(&self) -> &[Parameters] {
        &self.kinds
    }

    /// Whether clusters are balanced.
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
