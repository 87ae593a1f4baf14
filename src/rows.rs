//! Where embeddings come from: anything that can hand out rows of f32 by position.

use crate::error::{Error, ErrorKind, Result};
use ndarray::{ArrayBase, ArrayView2, Axis, Data, Ix2};
use std::sync::Arc;

/// A matrix of f32 rows that can be read in pieces, so that it may be larger than memory.
///
/// Implemented for `ndarray` matrices, for [`Matrix`] over a flat slice, for the readers of [`crate::io`], and for what
/// is behind `&`, `Box` and `Arc`. Implement it for a source of your own, and wrap its errors with
/// [`Error::source_of_rows`](crate::Error::source_of_rows). Rows that wrap others take what they do not change from
/// them by [`forward_rows!`](crate::forward_rows).
///
/// # Shapes
/// `len()` rows of `dim()` values each; both must stay the same while the value is in use.
pub trait Rows: Sync {
    /// Number of rows, N.
    fn len(&self) -> usize;

    /// Number of dimensions, D.
    fn dim(&self) -> usize;

    /// Whether there are no rows.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether reading costs much more than copying, as where a file is decoded. Then a fit that has the memory reads
    /// every row once and keeps it until it has used it for the last time.
    fn is_decoded(&self) -> bool {
        false
    }

    /// Copies the rows from `first` on into `out`, as many as `out` holds. Several threads may read at the same time.
    ///
    /// # Shapes
    /// `out.len()` is a multiple of `dim()`, and `first + out.len() / dim() <= len()`.
    ///
    /// # Errors
    /// Every error that reading the source meets.
    fn read(&self, first: usize, out: &mut [f32]) -> Result<()>;
}

/// Gives a wrapper of rows all methods of [`Rows`] but `read`, out of the rows that it wraps.
///
/// It stands in the `impl` and takes the field, or the call, that has these rows. A wrapper of another length says
/// `except len`, and has a `len` of its own. Methods that are added to [`Rows`] one day are forwarded, too.
///
/// ```
/// use semid::{Matrix, Result, Rows};
///
/// struct Doubled<R>(R);
///
/// impl<R: Rows> Rows for Doubled<R> {
///     semid::forward_rows!(0);
///
///     fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
///         self.0.read(first, out)?;
///         out.iter_mut().for_each(|value| *value *= 2.0);
///         Ok(())
///     }
/// }
///
/// let rows = Doubled(Matrix::new(&[1.0, 2.0, 3.0, 4.0], 2)?);
/// assert_eq!((rows.len(), rows.dim()), (2, 2));
/// # Ok::<(), semid::Error>(())
/// ```
#[macro_export]
macro_rules! forward_rows {
    ($rows:tt $(($($arguments:tt)*))?) => {
        fn len(&self) -> usize {
            $crate::Rows::len(&self.$rows $(($($arguments)*))?)
        }

        $crate::forward_rows!($rows $(($($arguments)*))?, except len);
    };
    ($rows:tt $(($($arguments:tt)*))?, except len) => {
        fn dim(&self) -> usize {
            $crate::Rows::dim(&self.$rows $(($($arguments)*))?)
        }

        fn is_decoded(&self) -> bool {
            $crate::Rows::is_decoded(&self.$rows $(($($arguments)*))?)
        }
    };
}

/// Rows in a borrowed flat slice, one after the other.
///
/// ```
/// use semid::{Matrix, Rows};
///
/// let rows = Matrix::new(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0], 3)?;
/// assert_eq!((rows.len(), rows.dim()), (2, 3));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Matrix<'a> {
    values: &'a [f32],
    dim: usize,
}

impl<'a> Matrix<'a> {
    /// Makes a matrix whose rows of `dim` values lie in `values` one after the other.
    ///
    /// # Errors
    /// [`ErrorKind::Dim`] for `dim` = 0, [`ErrorKind::Length`] where the last row would be incomplete.
    pub fn new(values: &'a [f32], dim: usize) -> Result<Self> {
        if dim == 0 {
            return Err(ErrorKind::Dim { dim }.into());
        }
        if !values.len().is_multiple_of(dim) {
            return Err(ErrorKind::Length { len: values.len(), dim }.into());
        }
        Ok(Self { values, dim })
    }
}

impl Rows for Matrix<'_> {
    fn len(&self) -> usize {
        self.values.len() / self.dim
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let start = first.saturating_mul(self.dim);
        let source = self.values.get(start..start.saturating_add(out.len()));
        out.copy_from_slice(source.ok_or_else(|| out_of_range(first, self.len()))?);
        Ok(())
    }
}

impl<S: Data<Elem = f32> + Sync> Rows for ArrayBase<S, Ix2>
where
    Self: Sync,
{
    fn len(&self) -> usize {
        self.nrows()
    }

    fn dim(&self) -> usize {
        self.ncols()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let count = out.len().checked_div(self.ncols()).unwrap_or(0);
        if first.saturating_add(count) > self.nrows() {
            return Err(out_of_range(first, self.nrows()));
        }
        let part: ArrayView2<'_, f32> = self.view();
        let rows = part.axis_iter(Axis(0)).skip(first);
        for (row, out) in rows.zip(out.chunks_exact_mut(self.ncols().max(1))) {
            out.iter_mut().zip(row).for_each(|(out, value)| *out = *value);
        }
        Ok(())
    }
}

/// Implements [`Rows`] for pointers to rows.
macro_rules! rows_behind {
    ($([$($bounds:tt)*] $pointer:ty),*) => {$(
        impl<R: $($bounds)*> Rows for $pointer {
            fn len(&self) -> usize {
                (**self).len()
            }

            fn dim(&self) -> usize {
                (**self).dim()
            }

            fn is_decoded(&self) -> bool {
                (**self).is_decoded()
            }

            fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
                (**self).read(first, out)
            }
        }
    )*};
}

rows_behind!([Rows + ?Sized] &R, [Rows + ?Sized] Box<R>, [Rows + Send + ?Sized] Arc<R>);

pub(crate) fn out_of_range(first: usize, rows: usize) -> Error {
    Error::parameter("first", first, format!("must be within the {rows} rows of the source"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::first_reading::tests::CountedRows;

    struct Wrapper<'a>(&'a dyn Rows);

    impl Rows for Wrapper<'_> {
        crate::forward_rows!(0);

        fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
            self.0.read(first, out)
        }
    }

    struct FirstRow<'a> {
        rows: Wrapper<'a>,
    }

    impl<'a> FirstRow<'a> {
        fn all(&self) -> &Wrapper<'a> {
            &self.rows
        }
    }

    impl Rows for FirstRow<'_> {
        crate::forward_rows!(all(), except len);

        fn len(&self) -> usize {
            1
        }

        fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
            self.rows.read(first, out)
        }
    }

    #[test]
    fn wrappers_have_what_their_rows_have() {
        let values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for is_decoded in [false, true] {
            let rows = CountedRows { rows: Matrix::new(&values, 2).unwrap(), is_decoded, read: 0.into() };
            let all = Wrapper(&rows);
            assert_eq!((all.len(), all.dim(), all.is_decoded(), all.is_empty()), (3, 2, is_decoded, false));
            let first = FirstRow { rows: all };
            assert_eq!((first.len(), first.dim(), first.is_decoded()), (1, 2, is_decoded));
        }
    }
}
