//! Codes of rows.

use crate::error::{ErrorKind, Result};

/// The codes of N rows at L levels.
///
/// # Shapes
/// (N, L), row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    values: Vec<u32>,
    levels: usize,
}

impl Codes {
    /// Makes codes from `values`, with `levels` codes per row.
    ///
    /// # Errors
    /// [`ErrorKind::Length`] where `values` does not divide into whole rows.
    pub fn new(values: Vec<u32>, levels: usize) -> Result<Self> {
        if levels == 0 || !values.len().is_multiple_of(levels) {
            return Err(ErrorKind::Length { len: values.len(), dim: levels }.into());
        }
        Ok(Self { values, levels })
    }

    /// Returns the number of rows, N.
    pub fn len(&self) -> usize {
        self.values.len() / self.levels
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Returns the number of levels, L.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Returns all codes, row by row.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Returns the vector of all codes, row by row, without copying it.
    pub fn into_values(self) -> Vec<u32> {
        self.values
    }

    /// Returns the codes of row `row`; none if there is no such row.
    pub fn get(&self, row: usize) -> Option<&[u32]> {
        self.rows().nth(row)
    }

    /// Returns the codes of the first `levels` levels.
    ///
    /// # Errors
    /// [`ErrorKind::CodeLevels`] where there are fewer levels, [`ErrorKind::Length`] for 0 levels.
    ///
    /// ```
    /// use semid::Codes;
    ///
    /// let codes = Codes::new(vec![1, 2, 3, 4, 5, 6], 3)?;
    /// assert_eq!(codes.first_levels(2)?.values(), [1, 2, 4, 5]);
    /// assert!(codes.first_levels(4).is_err());
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn first_levels(&self, levels: usize) -> Result<Self> {
        if levels > self.levels {
            return Err(ErrorKind::CodeLevels { expected: levels, found: self.levels }.into());
        }
        Self::new(self.rows().flat_map(|row| row.iter().take(levels)).copied().collect(), levels)
    }

    /// Iterates over the rows' codes.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.values.chunks_exact(self.levels)
    }
}
