//! The one error type: what went wrong, where, and what to do about it.

mod bad_row;
mod kind;
mod memory;
mod shortened;
mod texts;

pub use bad_row::{BadRow, BadRowKind};
pub(crate) use bad_row::{Fault, NAMED};
pub use kind::ErrorKind;
pub(crate) use memory::{out_of_memory, try_collect, try_reserve, try_vec, try_zeros};
pub(crate) use texts::counted;

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// The result of a call that can fail.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error says what went wrong ([`Error::kind`]) and, where a file is concerned, in which one ([`Error::path`]).
///
/// ```
/// use semid::{Device, ErrorKind, Matrix, RqKMeans};
///
/// let rows = Matrix::new(&[1.0, f32::NAN, 2.0, 3.0], 2)?;
/// let error = RqKMeans::new(1, 2).fit(&rows, &Device::reference()).unwrap_err();
/// assert!(matches!(error.kind(), ErrorKind::NotFinite { row: 0, column: 1, .. }));
/// # Ok::<(), semid::Error>(())
/// ```
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    path: Option<PathBuf>,
}

impl Error {
    /// Returns the kind of error with its facts.
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Wraps an error that your own implementation of [`Rows`](crate::Rows) met.
    ///
    /// ```
    /// use semid::{Device, Error, ErrorKind, Result, RqKMeans, Rows};
    ///
    /// struct Remote;
    ///
    /// impl Rows for Remote {
    ///     fn len(&self) -> usize {
    ///         100
    ///     }
    ///     fn dim(&self) -> usize {
    ///         8
    ///     }
    ///     fn read(&self, _first: usize, _out: &mut [f32]) -> Result<()> {
    ///         Err(Error::source_of_rows("no connection"))
    ///     }
    /// }
    ///
    /// let error = RqKMeans::new(1, 2).fit(&Remote, &Device::cpu()).unwrap_err();
    /// assert!(matches!(error.kind(), ErrorKind::Source(own) if own.to_string() == "no connection"));
    /// ```
    pub fn source_of_rows(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        ErrorKind::Source(error.into()).into()
    }

    /// Takes the kind out of the error.
    pub fn into_kind(self) -> ErrorKind {
        self.0.kind
    }

    /// Returns the path of the file that the error is about, if there is one.
    pub fn path(&self) -> Option<&Path> {
        self.0.path.as_deref()
    }

    /// Sets the path of the error to `path`, unless it has one already.
    pub(crate) fn at(mut self, path: impl AsRef<Path>) -> Self {
        self.0.path.get_or_insert_with(|| path.as_ref().to_owned());
        self
    }

    /// Names `to` where the error names `from`, or what is in it: for files that are made under another name.
    pub(crate) fn renamed(mut self, from: &Path, to: &Path) -> Self {
        if let Some(path) = &mut self.0.path
            && let Ok(rest) = path.strip_prefix(from)
        {
            *path = if rest.as_os_str().is_empty() { to.to_owned() } else { to.join(rest) };
        }
        self
    }

    /// Makes the error for a call that needs `feature`, which this build lacks and which adds `what`.
    #[cfg(not(all(feature = "csv", feature = "gpu", feature = "npz", feature = "parquet")))]
    pub(crate) fn feature(feature: &'static str, what: &'static str) -> Self {
        ErrorKind::Feature { feature, what }.into()
    }

    /// Replaces each row number in the error by what `number` makes of it. Numbers within a file stay as they are.
    #[must_use]
    pub fn map_rows(mut self, number: impl Fn(usize) -> usize) -> Self {
        use ErrorKind::{BadRows, Code, FarRow, ItemKey, NotFinite, Ragged, Undecodable, Weight};
        use ErrorKind::{RepeatedItem, RepeatedKey};
        match &mut self.0.kind {
            NotFinite { row, .. }
            | FarRow { row }
            | Undecodable { row }
            | Ragged { row, .. }
            | Code { row, .. }
            | Weight { row, .. }
            | ItemKey { row, .. } => {
                *row = number(*row);
            }
            BadRows { first, .. } => first.iter_mut().for_each(|bad| bad.row = number(bad.row)),
            RepeatedItem { first, row, .. } | RepeatedKey { first, row, .. } => {
                (*first, *row) = (number(*first), number(*row));
            }
            _ => {}
        }
        self
    }

    pub(crate) fn io(action: &'static str, source: io::Error) -> Self {
        ErrorKind::Io { action, source }.into()
    }

    pub(crate) fn format(format: &'static str, reason: impl Into<String>) -> Self {
        ErrorKind::Format { format, reason: reason.into() }.into()
    }

    pub(crate) fn message(what: &'static str, reason: impl Into<String>) -> Self {
        ErrorKind::Message { what, reason: reason.into() }.into()
    }

    pub(crate) fn damaged(reason: impl Into<String>) -> Self {
        ErrorKind::Damaged { reason: reason.into() }.into()
    }

    pub(crate) fn damaged_registry(reason: impl Into<String>) -> Self {
        ErrorKind::DamagedRegistry { reason: reason.into() }.into()
    }

    /// Makes the error for two rows with one item key.
    pub(crate) fn repeated_key(item: &str, first: usize, row: usize) -> Self {
        ErrorKind::RepeatedKey { item: item.to_owned(), first, row }.into()
    }

    pub(crate) fn parameter(name: &'static str, value: impl fmt::Display, expected: impl Into<String>) -> Self {
        ErrorKind::Parameter { name, value: value.to_string(), expected: expected.into() }.into()
    }
}

impl From<ErrorKind> for Error {
    fn from(kind: ErrorKind) -> Self {
        Self(Box::new(Inner { kind, path: None }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.0.kind.to_string();
        let kind = Self::shortened(&kind, LONGEST);
        match &self.0.path {
            Some(path) => write!(f, "{}: {kind}", path.display()),
            None => f.write_str(&kind),
        }
    }
}

/// The most bytes of the message of a kind, which may quote a value from a file.
const LONGEST: usize = 4096;

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error").field("kind", &self.0.kind).field("path", &self.0.path).finish()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.0.kind {
            ErrorKind::Io { source, .. } => Some(source),
            ErrorKind::Source(source) => Some(&**source),
            _ => None,
        }
    }
}
