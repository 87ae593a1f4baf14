//! Bounds on the number of rows of a cluster.

use crate::error::{ErrorKind, Result};

/// Bounds on the size of every cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Fewest rows of a cluster.
    pub(crate) min: usize,
    /// Most rows of a cluster.
    pub(crate) max: usize,
}

impl Sizes {
    /// Returns bounds that make sizes as equal as possible: `floor(rows / clusters) ..= ceil(rows / clusters)`.
    pub(crate) fn balanced(rows: usize, clusters: usize) -> Self {
        let clusters = clusters.max(1);
        Self { min: rows / clusters, max: rows.div_ceil(clusters) }
    }

    /// Refuses bounds that no assignment of `rows` rows to `clusters` clusters can keep.
    pub(crate) fn check(self, level: usize, rows: usize, clusters: usize) -> Result<Self> {
        let Self { min, max } = self;
        let (least, most) = (min.saturating_mul(clusters), max.saturating_mul(clusters));
        match min <= max && least <= rows && rows <= most {
            true => Ok(self),
            false => Err(ErrorKind::Sizes { level, rows, clusters, min, max }.into()),
        }
    }

    /// Returns bounds with the same meaning that are equal to each other where every cluster must have the same size.
    pub(super) fn tight(self, rows: usize, clusters: usize) -> Self {
        let Self { min, max } = self;
        match rows {
            _ if rows == min * clusters => Self { min, max: min },
            _ if rows == max * clusters => Self { min: max, max },
            _ => self,
        }
    }
}
