//! Reports of a fit and of its levels.

use super::Refinement;
use crate::balance::Balance;
use crate::grid::{NarrowDimension, Outlier};

/// The report of a fit.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FitReport {
    /// Rows fitted on, each as often as it counts.
    pub rows: usize,
    /// Dimensions.
    pub dim: usize,
    /// One report per level.
    pub levels: Vec<LevelReport>,
    /// Values of the fitted rows that lay beyond the grid and were taken as its largest; those of a row count once,
    /// whatever its weight.
    pub saturated_values: u64,
    /// The worst of the rows with such values, 8 at most: the farthest value of each, farthest first.
    pub outliers: Vec<Outlier>,
    /// Dimensions whose values differ by few steps of the grid, the narrowest first; none for the cosine metric, under
    /// which every row has a grid of its own.
    pub narrow: Vec<NarrowDimension>,
    /// How far all levels were refined together, where that was asked for; `levels` tell how each was fitted before.
    pub refinement: Option<Refinement>,
}

/// The report of the fit of one level.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct LevelReport {
    /// Number of codewords, K.
    pub clusters: usize,
    /// Updates done in the run that was kept.
    pub iterations: usize,
    /// Mean over the rows of the squared distance that is left after this level, in squared units of the embeddings
    /// (of the unit sphere for cosine and normalised residuals).
    ///
    /// It is the distance on the grid and, in units of the embeddings, what the grid leaves out of the rows by
    /// rounding, and by saturation of far values. The product of both, which rounding leaves near 0, is not in it.
    pub squared_error: f64,
    /// Empty clusters that were given a far row, over all iterations of the run that was kept.
    pub empty_reseeded: u64,
    /// How well clusters are balanced, where that was asked for.
    pub balance: Option<Balance>,
}
