//! Embeddings in one file or in many, read as if they were one.

mod find;
mod readers;
#[cfg(test)]
mod tests;

use super::ReadOptions;
use super::dialect::{self, Dialect};
use crate::concat::Spans;
use crate::error::{Error, ErrorKind, Result};
use crate::rows::Rows;
use readers::Readers;
use std::fmt;
use std::path::{Path, PathBuf};

/// Embeddings in one file or in many, which are read in pieces, with the texts that stand beside them.
///
/// Rows of several files follow each other in the order in which the files were given, and those of a folder or a
/// pattern in the order of the files' names, byte by byte: `part-10` comes before `part-2`.
///
/// # Shapes
/// Every file is (Ni, D); together they are (N1 + N2 + ..., D). Files without rows are left out.
pub struct Inputs {
    readers: Readers,
    spans: Spans,
}

impl Inputs {
    /// Opens all files that `paths` mean: files, folders and patterns such as `part-*.parquet`.
    ///
    /// Of a folder, or by a pattern, those files are read whose format is known and whose name does not begin with `.`
    /// or `_`, so that `_SUCCESS` and checksums are left out.
    ///
    /// # Errors
    /// As for [`open`](super::open); [`ErrorKind::Widths`] where two files have rows of different lengths.
    pub fn open<P: AsRef<Path>>(paths: impl IntoIterator<Item = P>, options: &ReadOptions) -> Result<Self> {
        let mut files = Vec::new();
        for path in paths {
            files.append(&mut find::files(path.as_ref())?);
        }
        let alone = files.len() == 1;
        let mut readers = Readers::new(options);
        for file in files {
            match dialect::open(&file, options) {
                Ok(reader) if reader.is_empty() && !alone => {}
                Ok(reader) => {
                    check_width(&readers, &file, &*reader)?;
                    readers.push(file, reader);
                }
                Err(error) if matches!(error.kind(), ErrorKind::Empty) && !alone => {}
                Err(error) => return Err(error),
            }
        }
        if readers.parts.is_empty() {
            return Err(ErrorKind::Empty.into());
        }
        let spans = Spans::new(readers.parts.iter().map(|part| part.rows))?;
        Ok(Self { readers, spans })
    }

    /// The files that have rows, and how many each has.
    pub fn files(&self) -> impl ExactSizeIterator<Item = (&Path, usize)> {
        self.readers.parts.iter().map(|part| (part.path.as_path(), part.rows))
    }

    /// The file that `row` is in, and its number there.
    pub fn place(&self, row: usize) -> Option<(&Path, usize)> {
        let (part, row) = self.spans.find(row);
        self.readers.parts.get(part).map(|part| (part.path.as_path(), row))
    }

    /// Names of the columns of the first file that texts can be read from.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] and [`ErrorKind::Format`] for the file.
    pub fn columns(&self) -> Result<Vec<String>> {
        self.readers.get(0)?.columns()
    }

    /// The texts of a column, such as item keys, one per row, over all files.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a file whose format has no columns; otherwise as for
    /// [`read_strings`](super::read_strings).
    pub fn strings(&self, column: &str) -> Result<Vec<String>> {
        let mut all = Vec::new();
        for (part, file) in self.readers.parts.iter().enumerate() {
            let mut texts = self.readers.get(part)?.strings(column).map_err(|error| at(error, &file.path))?;
            if texts.len() != file.rows {
                let (what, found, rows) = ("texts of a column", texts.len(), file.rows);
                return Err(Error::from(ErrorKind::RowCount { what, found, rows }).at(&file.path));
            }
            match all.is_empty() {
                true => all = texts,
                false => {
                    crate::error::try_reserve(&mut all, texts.len(), "the texts of a column")?;
                    all.append(&mut texts);
                }
            }
        }
        Ok(all)
    }
}

fn at(error: Error, path: &Path) -> Error {
    if error.path().is_some() { error } else { error.at(path) }
}

/// Refuses a file whose rows are not as long as those of the files before it.
fn check_width(readers: &Readers, path: &Path, reader: &dyn Dialect) -> Result<()> {
    match readers.parts.first() {
        Some(first) if reader.dim() != readers.dim => {
            let (first, expected, found): (PathBuf, _, _) = (first.path.clone(), readers.dim, reader.dim());
            Err(Error::from(ErrorKind::Widths { first, expected, found }).at(path))
        }
        _ => Ok(()),
    }
}

impl Rows for Inputs {
    fn len(&self) -> usize {
        self.spans.len()
    }

    fn dim(&self) -> usize {
        self.readers.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.spans.split(first, self.readers.dim, out, |part, row, out| {
            let error = match self.readers.get(part).and_then(|reader| reader.read(row, out)) {
                Ok(()) => return Ok(()),
                Err(error) => error,
            };
            match self.readers.parts.get(part) {
                Some(part) => Err(at(error, &part.path)),
                None => Err(error),
            }
        })
    }
}

impl fmt::Debug for Inputs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inputs").field("files", &self.readers.parts).field("dim", &self.readers.dim).finish()
    }
}
