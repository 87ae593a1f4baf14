//! The inputs and the results of the fit of a level.

use crate::balance::Balance;
use crate::codebook::Codebook;
use crate::grid::pow2;
use crate::population::Residuals;
use crate::rq::params::RqKMeans;
use crate::rq::progress::Progress;
use crate::transport::balanced::Sizes;
use std::sync::Arc;

/// A level to be fitted to the rows that the levels before it have left.
pub(super) struct LevelWork<'a, 'r> {
    pub(super) params: &'a RqKMeans,
    pub(super) residuals: &'a mut Residuals<'r>,
    /// The codewords that the level starts from where a model gives them, and whether it keeps them.
    pub(super) first: Option<(Arc<Codebook>, bool)>,
    /// Clusters of all levels.
    pub(super) clusters: &'a [usize],
    pub(super) level: usize,
    /// The number of the level for streams of random numbers: `level`, unless levels of other kinds come before.
    pub(super) number: usize,
    /// Largest component that the level's codewords may have.
    pub(super) room: i64,
    /// What the largest components of all levels may add up to.
    pub(super) codewords_max: i64,
    /// What the grid leaves out of the rows, in squared grid steps.
    pub(super) loss: f64,
    /// Whether some of the rows have values far beyond all others.
    pub(super) far: bool,
    /// What the mean variance of a dimension is taken to be at most, in squared grid steps.
    pub(super) most_variance: f64,
    /// Bounds of the clusters' sizes, where there are any.
    pub(super) sizes: Option<Sizes>,
    /// A squared grid step in squared units of the embeddings.
    pub(super) unit: f64,
}

/// Turns squared grid steps over all rows into squared units of the embeddings per row.
#[derive(Clone, Copy)]
pub(super) struct Unit {
    /// Rows, at least 1.
    pub(super) rows: usize,
    /// What the grid leaves out of the rows, in squared grid steps.
    loss: f64,
    /// A squared grid step in squared units of the embeddings.
    step: f64,
}

impl Unit {
    /// Makes the unit for `rows` rows, of which the grid leaves out `loss`, where a step is 2^-exponent.
    pub(super) fn new(rows: usize, loss: f64, exponent: i32) -> Self {
        Self { rows: rows.max(1), loss, step: pow2(-2 * exponent) }
    }

    /// Returns the squared error per row, with what the grid leaves out.
    pub(super) fn per_row(&self, squared_error: u128) -> f64 {
        (squared_error as f64 + self.loss) * self.step / self.rows as f64
    }
}

/// One level as an algorithm leaves it; `squared_error` is over all rows, in squared grid steps.
pub(super) struct LevelFit {
    pub(super) codebook: Arc<Codebook>,
    pub(super) iterations: usize,
    pub(super) squared_error: u128,
    pub(super) empty_reseeded: u64,
    pub(super) balancing: Option<Balancing>,
}

/// The result of a balanced run.
#[derive(Clone, Debug)]
pub(super) struct Balancing {
    pub(super) codes: Vec<u32>,
    /// Where there are any: none for Sinkhorn.
    pub(super) prices: Option<Vec<i64>>,
    pub(super) report: Balance,
}

impl LevelWork<'_, '_> {
    /// Returns the squared error per row, in squared units of the embeddings, with what the grid leaves out.
    pub(super) fn per_row(&self, squared_error: u128) -> f64 {
        self.unit().per_row(squared_error)
    }

    /// Returns how squared errors are told.
    pub(super) fn unit(&self) -> Unit {
        Unit { rows: self.residuals.rows().max(1), loss: self.loss, step: self.unit }
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters.get(self.level).copied().unwrap_or(1)
    }

    /// Returns the most updates of the codewords: none where the level keeps its first ones.
    pub(super) fn most_iterations(&self) -> usize {
        match self.first {
            Some((_, true)) => 0,
            _ => self.params.most_iterations(),
        }
    }

    pub(super) fn progress(&self) -> Progress {
        let start = Progress::start(self.clusters.len(), self.most_iterations());
        Progress { level: self.level, ..start }
    }
}
