//! Several sources of rows, one after the other.

use crate::error::{ErrorKind, Result};
use crate::rows::{Rows, out_of_range};

/// Rows of several sources as if they were one.
///
/// ```
/// use semid::{Concat, Matrix, Rows};
///
/// let parts = [Matrix::new(&[1.0, 2.0], 2)?, Matrix::new(&[3.0, 4.0, 5.0, 6.0], 2)?];
/// let rows = Concat::new(parts)?;
/// let mut out = [0.0; 4];
/// rows.read(0, &mut out)?;
/// assert_eq!((rows.len(), out), (3, [1.0, 2.0, 3.0, 4.0]));
/// # Ok::<(), semid::Error>(())
/// ```
///
/// # Shapes
/// The sources are (N1, D), (N2, D), ...; together they are (N1 + N2 + ..., D).
#[derive(Debug)]
pub struct Concat<R> {
    parts: Vec<R>,
    spans: Spans,
    dim: usize,
}

impl<R: Rows> Concat<R> {
    /// Joins `parts` in their order.
    ///
    /// # Errors
    /// [`ErrorKind::Empty`] without any part; [`ErrorKind::DimMismatch`] where a part has another number of dimensions
    /// than the first.
    pub fn new(parts: impl IntoIterator<Item = R>) -> Result<Self> {
        let parts: Vec<R> = parts.into_iter().collect();
        let expected = parts.first().ok_or(ErrorKind::Empty)?.dim();
        if let Some(found) = parts.iter().map(Rows::dim).find(|dim| *dim != expected) {
            return Err(ErrorKind::DimMismatch { expected, found }.into());
        }
        let spans = Spans::new(parts.iter().map(Rows::len))?;
        Ok(Self { parts, spans, dim: expected })
    }
}

impl<R: Rows> Rows for Concat<R> {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn is_decoded(&self) -> bool {
        self.parts.iter().any(Rows::is_decoded)
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.spans.split(first, self.dim, out, |part, row, out| {
            let before = self.spans.start(part);
            match self.parts.get(part) {
                Some(rows) => rows.read(row, out).map_err(|error| error.map_rows(|row| row.saturating_add(before))),
                None => Ok(()),
            }
        })
    }
}

/// Where the rows of each part end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spans(Vec<usize>);

impl Spans {
    /// Records the ends of parts; `lens` has the rows of each.
    pub(crate) fn new(lens: impl IntoIterator<Item = usize>) -> Result<Self> {
        let mut end = 0_usize;
        let ends = lens.into_iter().map(|len| {
            end = end.checked_add(len).ok_or(ErrorKind::Overflow { what: "the rows of all parts" })?;
            Ok(end)
        });
        ends.collect::<Result<_>>().map(Self)
    }

    pub(crate) fn len(&self) -> usize {
        self.0.last().copied().unwrap_or(0)
    }

    /// Returns the number of the first row of a part.
    pub(crate) fn start(&self, part: usize) -> usize {
        part.checked_sub(1).and_then(|before| self.0.get(before)).copied().unwrap_or(0)
    }

    /// Returns the part that has `row`, and the row's number in it.
    pub(crate) fn find(&self, row: usize) -> (usize, usize) {
        let part = self.0.partition_point(|end| *end <= row);
        (part, row - self.start(part))
    }

    /// Calls `read` for each part that has some of the rows from `first` on, with the part's number, the first of these
    /// rows in it, and its share of `out`.
    pub(crate) fn split(
        &self,
        first: usize,
        dim: usize,
        mut out: &mut [f32],
        mut read: impl FnMut(usize, usize, &mut [f32]) -> Result<()>,
    ) -> Result<()> {
        let count = out.len().checked_div(dim).unwrap_or(0);
        if !out.len().is_multiple_of(dim.max(1)) {
            return Err(ErrorKind::Length { len: out.len(), dim }.into());
        }
        if first.checked_add(count).is_none_or(|end| end > self.len()) {
            return Err(out_of_range(first, self.len()));
        }
        let mut row = first;
        while !out.is_empty() {
            let (part, within) = self.find(row);
            let end = self.0.get(part).copied().unwrap_or(row);
            let (here, rest) = out.split_at_mut(out.len().min((end - row).saturating_mul(dim)));
            if here.is_empty() {
                return Err(out_of_range(row, self.len()));
            }
            row += here.len() / dim;
            read(part, within, here)?;
            out = rest;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn any_piece_is_that_of_the_whole() {
        let values: Vec<f32> = (0..60).map(|i| i as f32).collect();
        let cuts = [0, 0, 9, 12, 12, 57, 60, 60];
        let parts = cuts.windows(2).map(|cut| Matrix::new(&values[cut[0]..cut[1]], 3).unwrap());
        let rows = Concat::new(parts).unwrap();
        assert_eq!((rows.len(), rows.dim()), (20, 3));
        for first in 0..=20 {
            for count in 0..=20 - first {
                let mut out = vec![0.0; count * 3];
                rows.read(first, &mut out).unwrap();
                assert_eq!(out, values[first * 3..][..count * 3]);
            }
        }
        rows.read(20, &mut [0.0; 3]).unwrap_err();
        rows.read(0, &mut [0.0; 4]).unwrap_err();
    }

    #[test]
    fn errors_number_rows_among_all_parts() {
        /// Rows that are all bad.
        struct Bad(usize);
        impl Rows for Bad {
            fn len(&self) -> usize {
                self.0
            }
            fn dim(&self) -> usize {
                1
            }
            fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
                let row = first + out.len() - 1;
                Err(ErrorKind::NotFinite { row, column: 0, value: f32::NAN }.into())
            }
        }
        let good = [1.0; 5];
        let good = || Box::new(Matrix::new(&good, 1).unwrap()) as Box<dyn Rows>;
        let rows = Concat::new([good(), Box::new(Bad(4)), good()]).unwrap();
        // The piece begins in the first part, in the second, and at its end; its last bad row is row 7 or 8.
        for (first, count, bad) in [(0, 8, 7), (3, 5, 7), (5, 4, 8), (6, 5, 8), (8, 3, 8)] {
            let error = rows.read(first, &mut vec![0.0; count]).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::NotFinite { row, .. } if *row == bad), "{first}: {error}");
        }
    }

    #[test]
    fn parts_that_do_not_go_together_are_refused() {
        let kinds = |parts: &[(&[f32], usize)]| {
            let parts: Vec<_> = parts.iter().map(|(values, dim)| Matrix::new(values, *dim).unwrap()).collect();
            Concat::new(parts).unwrap_err()
        };
        assert!(matches!(kinds(&[]).kind(), ErrorKind::Empty));
        let error = kinds(&[(&[1.0, 2.0], 2), (&[1.0], 1)]);
        assert!(matches!(error.kind(), ErrorKind::DimMismatch { expected: 2, found: 1 }));
    }
}
