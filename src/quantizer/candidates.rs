//! Several codes for every row, with their distances.

use crate::error::{ErrorKind, Result};

/// The codes that a beam found for N rows: k candidates for each, the nearest first.
///
/// # Shapes
/// The codes are (N, k, L), the distances (N, k).
///
/// # Exactness
/// A distance is the exact squared distance, in squared steps of the codewords' grid, between a row on the grid and the
/// sum of the codewords of its codes. Equal distances are in the order of the codes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    count: usize,
    levels: usize,
    codes: Vec<u32>,
    distances: Vec<u64>,
}

impl Candidates {
    /// Makes the candidates of some rows, `count` for each.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] where `codes` (N, k, L) and `distances` (N, k) do not have these shapes.
    ///
    /// ```
    /// use semid::quantizer::Candidates;
    ///
    /// // One row with two candidates of three codes each.
    /// let candidates = Candidates::new(2, 3, vec![0, 1, 2, 0, 1, 5], vec![10, 14])?;
    /// assert_eq!(candidates.row(0).nth(1), Some((&[0, 1, 5][..], 14)));
    /// assert!(Candidates::new(2, 3, vec![0, 1, 2], vec![10]).is_err());
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn new(count: usize, levels: usize, codes: Vec<u32>, distances: Vec<u64>) -> Result<Self> {
        let whole = levels > 0 && count > 0 && distances.len().is_multiple_of(count);
        if !whole || distances.len().checked_mul(levels) != Some(codes.len()) {
            let (found, expected) = ((codes.len(), distances.len()), (levels, count));
            return Err(ErrorKind::Shape { what: "codes and distances of candidates", found, expected }.into());
        }
        Ok(Self { count, levels, codes, distances })
    }

    /// Returns the number of rows, N.
    pub fn len(&self) -> usize {
        self.distances.len() / self.count.max(1)
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.distances.is_empty()
    }

    /// Returns the number of candidates of every row, k.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Returns the number of levels, L.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// Returns all codes (N, k, L), row by row and candidate by candidate.
    pub fn codes(&self) -> &[u32] {
        &self.codes
    }

    /// Returns all distances (N, k), row by row, in squared steps of the codewords' grid. Times the square of
    /// [`Quantizer::step`](crate::Quantizer::step) they are in squared units of the embeddings.
    pub fn distances(&self) -> &[u64] {
        &self.distances
    }

    /// Iterates over the candidates of row `row`, the nearest first: their codes (L) and their distances. There are
    /// none for a row that does not exist.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (&[u32], u64)> {
        let distances = self.distances.chunks_exact(self.count.max(1)).nth(row).unwrap_or_default();
        let codes = self.codes.chunks_exact((self.count * self.levels).max(1)).nth(row).unwrap_or_default();
        codes.chunks_exact(self.levels.max(1)).zip(distances.iter().copied())
    }

    /// Appends the rows of `other`, which has as many candidates and levels.
    pub(crate) fn append(&mut self, other: &Self) -> Result<()> {
        let shape = |all: &Self| (all.count, all.levels);
        if shape(self) != shape(other) {
            let (found, expected) = (shape(other), shape(self));
            return Err(ErrorKind::Shape { what: "candidates", found, expected }.into());
        }
        self.codes.extend_from_slice(&other.codes);
        self.distances.extend_from_slice(&other.distances);
        Ok(())
    }
}

/// Receives the number of a first row and the candidates of a chunk of rows.
pub(crate) type CandidateSink<'a> = dyn FnMut(usize, &Candidates) -> Result<()> + 'a;
