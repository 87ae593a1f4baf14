//! Several sources of rows, side by side.

use super::fit::places;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::rows::Rows;

/// Rows of several sources, of which row i consists of the rows i of all sources, one after the other.
///
/// ```
/// use semid::blocks::Beside;
/// use semid::{Matrix, Rows};
///
/// let rows = Beside::new([Matrix::new(&[1.0, 2.0], 1)?, Matrix::new(&[3.0, 4.0, 5.0, 6.0], 2)?])?;
/// let mut out = [0.0; 6];
/// rows.read(0, &mut out)?;
/// assert_eq!((rows.len(), out), (2, [1.0, 3.0, 4.0, 2.0, 5.0, 6.0]));
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # Shapes
/// The sources are (N, D1), (N, D2), ...; together they are (N, D1 + D2 + ...).
#[derive(Debug)]
pub struct Beside<R> {
    parts: Vec<R>,
    rows: usize,
    dim: usize,
}

impl<R: Rows> Beside<R> {
    /// Puts `parts` side by side, in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] without any part; [`ErrorKind::RowCount`] where a part has another number of rows than the
    /// first.
    pub fn new(parts: impl IntoIterator<Item = R>) -> Result<Self> {
        let parts: Vec<R> = parts.into_iter().collect();
        let rows = parts.first().ok_or(ErrorKind::Empty)?.len();
        if let Some(found) = parts.iter().map(Rows::len).find(|len| *len != rows) {
            return Err(ErrorKind::RowCount { what: "embeddings of a block", found, rows }.into());
        }
        let dim = parts.iter().map(Rows::dim).fold(0_usize, usize::saturating_add);
        Ok(Self { parts, rows, dim })
    }

    /// Returns the number of dimensions of every part.
    pub fn widths(&self) -> Vec<usize> {
        self.parts.iter().map(Rows::dim).collect()
    }
}

impl<R: Rows> Rows for Beside<R> {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn is_decoded(&self) -> bool {
        self.parts.iter().any(Rows::is_decoded)
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let count = out.len() / self.dim.max(1);
        let mut buffer = Vec::new();
        for (part, place) in self.parts.iter().zip(places(self.widths().into_iter())) {
            buffer.clear();
            buffer.append(&mut try_zeros(count.saturating_mul(part.dim()), "rows of a block")?);
            part.read(first, &mut buffer)?;
            for (out, row) in out.chunks_exact_mut(self.dim.max(1)).zip(buffer.chunks_exact(part.dim().max(1))) {
                out.get_mut(place.clone()).unwrap_or_default().copy_from_slice(row);
            }
        }
        Ok(())
    }
}
