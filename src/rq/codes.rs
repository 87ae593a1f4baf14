//! The codes of rows.

use crate::error::{ErrorKind, Result};

/// Codes of N rows at L levels.
///
/// # Shapes
/// (N, L), row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    values: Vec<u32>,
    levels: usize,
}

impl Codes {
    /// Codes over `values`, `levels` per row.
    ///
    /// # Errors
    /// [`ErrorKind::Length`] where the last row would be incomplete.
    pub fn new(values: Vec<u32>, levels: usize) -> Result<Self> {
        if levels == 0 || !values.len().is_multiple_of(levels) {
            return Err(ErrorKind::Length { len: values.len(), dim: levels }.into());
        }
        Ok(Self { values, levels })
    }

    /// Number of rows, N.
    pub fn len(&self) -> usize {
        self.values.len() / self.levels
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of levels, L.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// All codes, row by row.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Codes of row `row`, if there is such a row.
    pub fn get(&self, row: usize) -> Option<&[u32]> {
        self.rows().nth(row)
    }

    /// The codes of each row.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.values.chunks_exact(self.levels)
    }
}
