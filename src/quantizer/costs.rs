//! Distances along any codes.

use crate::error::Result;

/// Distances of rows to codewords along any codes, not only those that encoding chooses.
pub trait Costs: Sync {
    /// Squared distances, in steps of the grid, of what the codes `prefix` leave of a row to all codewords of level
    /// `prefix.len()`.
    ///
    /// # Errors
    /// More codes than the model has levels, [`Code`](crate::ErrorKind::Code), and what the source can meet.
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>>;

    /// [`Costs::distances`] of one row, for many prefixes.
    ///
    /// # Errors
    /// What the source can meet.
    fn of_row(&self, row: usize) -> Result<Box<CostsOfRow<'_>>> {
        Ok(Box::new(move |prefix| self.distances(row, prefix)))
    }

    /// For each of `rows` the position in this list of the first one with the same distances, as far as that is known:
    /// its own position is never wrong.
    ///
    /// # Errors
    /// What the source can meet.
    fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        Ok((0..rows.len()).collect())
    }

    /// Asks whether to go on; it is called again and again, also where no distance is needed.
    ///
    /// # Errors
    /// [`Cancelled`](crate::ErrorKind::Cancelled) where not.
    fn go_on(&self) -> Result<()> {
        Ok(())
    }
}

/// Distances of a row below a prefix.
pub(crate) type CostsOfRow<'a> = dyn Fn(&[u32]) -> Result<Vec<u64>> + 'a;
