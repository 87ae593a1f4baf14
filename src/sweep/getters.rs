//! The getters of a sweep; the setters of the same names say what the values mean.

use super::grid::Sweep;
use crate::clusters::Clusters;
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;

impl Sweep {
    /// Returns the numbers of levels, ascending.
    pub fn get_levels(&self) -> &[usize] {
        &self.levels
    }

    /// Returns the clusters per level, one entry for each choice.
    pub fn get_clusters(&self) -> &[Clusters] {
        &self.clusters
    }

    /// Returns the kinds of models.
    pub fn get_kinds(&self) -> &[Parameters] {
        &self.kinds
    }

    /// Returns whether clusters are balanced: off, on, or both.
    pub fn get_balanced(&self) -> &[bool] {
        &self.balanced
    }

    /// Returns the seeds of the fits.
    pub fn get_seeds(&self) -> &[u64] {
        &self.seeds
    }

    /// Returns how many of the first levels keep their codewords.
    pub fn get_freeze_levels(&self) -> &[usize] {
        &self.frozen
    }

    /// Returns what is measured.
    pub fn get_evaluation(&self) -> &Evaluation {
        &self.evaluation
    }

    /// Returns the number of rows whose collisions are predicted.
    pub fn get_predict(&self) -> Option<u64> {
        self.predict
    }
}
