//! The step from rows to the integers of level 0, and the scaling of residuals between the levels.

use crate::grid::{Grid, UNIT_EXPONENT, quantize_rows_alone};
use crate::kernel::unit_length::unit_length;
use serde::{Deserialize, Serialize};

/// The distance between rows that a model uses.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Metric {
    /// Squared Euclidean distance of the embeddings as they are.
    #[default]
    L2,
    /// Rows are scaled to unit length first, so that only their direction matters.
    Cosine,
}

impl Metric {
    /// The name used in files and on the command line: `l2` or `cosine`.
    pub fn name(self) -> &'static str {
        match self {
            Self::L2 => "l2",
            Self::Cosine => "cosine",
        }
    }
}

/// The grid of the rows, and which levels scale their residuals to unit length.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Quantization {
    pub(crate) grid: Grid,
    pub(crate) metric: Metric,
    pub(crate) normalize_residuals: bool,
}

impl Quantization {
    /// Whether codewords live on the unit grid instead of the grid of the embeddings.
    pub(crate) fn unit_grid(&self) -> bool {
        self.metric == Metric::Cosine || self.normalize_residuals
    }

    /// Exponent of the codewords.
    pub(crate) fn codebook_exponent(&self) -> i32 {
        if self.unit_grid() { UNIT_EXPONENT } else { self.grid.exponent() }
    }

    /// Whether the residuals of `level` are scaled to unit length, once: those of level 0 also where both the metric
    /// and `normalize_residuals` ask for it.
    pub(crate) fn scales_level(&self, level: usize) -> bool {
        self.normalize_residuals || (self.metric == Metric::Cosine && level == 0)
    }

    /// Puts finite rows (n, D) on the grid of the metric, on the thread of the caller.
    pub(crate) fn quantize(&self, rows: &[f32], q: &mut [i32]) {
        match self.metric {
            Metric::L2 => drop(self.grid.quantize(rows, q)),
            Metric::Cosine => quantize_rows_alone(rows, self.grid.dim(), q),
        }
    }

    /// Puts finite rows (n, D) on the grid as level 0 sees them, on the thread of the caller.
    pub(crate) fn quantize_for_level_0(&self, rows: &[f32], q: &mut [i32]) {
        self.quantize(rows, q);
        if self.scales_level(0) {
            unit_length(q, self.grid.dim());
        }
    }
}
