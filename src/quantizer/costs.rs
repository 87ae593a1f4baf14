//! Distances along any codes.

use crate::error::Result;

/// Distances of rows to codewords along any codes, not only those that encoding chooses.
pub trait Costs: Sync {
    /// Computes the squared distances, in squared grid steps, between the residual that the codes `prefix` leave of a
    /// row and all codewords of level `prefix.len()`.
    ///
    /// # Errors
    /// [`Parameter`](crate::ErrorKind::Parameter) for a prefix after which no level comes,
    /// [`Code`](crate::ErrorKind::Code), and errors of the source.
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>>;

    /// Returns a function that computes [`Costs::distances`] of one row, for callers with many prefixes.
    ///
    /// # Errors
    /// What the source can meet.
    fn of_row(&self, row: usize) -> Result<Box<CostsOfRow<'_>>> {
        Ok(Box::new(move |prefix| self.distances(row, prefix)))
    }

    /// Returns, for each of `rows`, the position in `rows` of the first one that is known to have the same distances. A
    /// row's own position is always a correct answer.
    ///
    /// # Errors
    /// What the source can meet.
    fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        Ok((0..rows.len()).collect())
    }

    /// Tells whether to go on. Long work calls it again and again, also where it needs no distance.
    ///
    /// # Errors
    /// [`Cancelled`](crate::ErrorKind::Cancelled) where the work has to end.
    fn go_on(&self) -> Result<()> {
        Ok(())
    }
}

/// Computes the distances of one row after a prefix.
pub(crate) type CostsOfRow<'a> = dyn Fn(&[u32]) -> Result<Vec<u64>> + 'a;
