//! Fits of a single level of a model that has levels of other kinds too, as a slice of product codes is one.

use super::Fit;
use crate::codebook::{CODEWORDS_MAX, Codebook};
use crate::error::Result;
use crate::grid::Grid;
use crate::quantization::Quantization;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// A level whose rows are integers on the grid of its model.
///
/// # Exactness
/// The integers are within 3 * 2^21, so none saturates. The level is fitted as a first level is, but for two things:
/// its streams of random numbers have the number of the level, and its codewords leave room for those before.
pub(crate) struct OwnLevel {
    /// The number of the level in its model, from 0.
    pub(crate) level: usize,
    /// The sum of the largest components of the levels that its codewords are added to.
    pub(crate) before: i64,
}

impl OwnLevel {
    /// Returns the grid on which integers are themselves.
    pub(super) fn grid(dim: usize) -> Grid {
        Grid::new(vec![0.0; dim], 0)
    }

    /// Returns what the largest component of the level and those before it leave.
    pub(super) fn most(&self) -> i64 {
        CODEWORDS_MAX - self.before
    }
}

impl Fit<'_> {
    /// Returns how rows become integers.
    pub(crate) fn quantization(&self) -> &Quantization {
        &self.quantization
    }

    /// Returns what the grid leaves out of the rows, in squared grid steps; nothing on the unit grid.
    pub(crate) fn loss(&self) -> f64 {
        if self.quantization.unit_grid() { 0.0 } else { self.loaded.loss.total() }
    }

    /// Computes the sum of the squared lengths of what the levels so far leave of the rows, in squared grid steps.
    pub(crate) fn energy(&mut self, callback: Callback<'_>) -> Result<u128> {
        let dim = self.residuals.dim();
        let zero = Arc::new(Codebook::new(vec![0; dim], dim));
        let progress = Progress::start(self.clusters.len(), self.params.most_iterations());
        Ok(self.residuals.assign(None, &zero, &mut || report(callback, &progress))?.energy())
    }
}
