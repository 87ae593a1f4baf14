//! The trait of the formats of embeddings; each format has a file of its own.

use crate::error::{Error, Fault, Result};
use crate::rows::Rows;
use std::ops::Range;

/// Which rows may have no text in a column; their text is empty.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Missing<'a> {
    /// Every row.
    Any,
    /// The rows of these numbers, in ascending order, of which nothing else is used either.
    In(&'a [usize]),
}

impl Missing<'_> {
    /// Returns whether the text of this row may be missing.
    pub(crate) fn is_allowed(self, row: usize) -> bool {
        match self {
            Self::Any => true,
            Self::In(rows) => rows.binary_search(&row).is_ok(),
        }
    }
}

/// The texts that are asked of a file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TextColumn<'a> {
    pub(crate) name: &'a str,
    pub(crate) missing: Missing<'a>,
    /// Whether floating-point numbers count too, each as the shortest decimal number that rounds to it. They are no
    /// keys: other programs write the same number in other ways.
    pub(crate) floats: bool,
}

/// Embeddings in a file, and the texts beside them.
pub(crate) trait Dialect: Rows + Send {
    /// Reads as [`Rows::read`] does, but reports rows that are missing or of another length in `faults`; the values of
    /// such rows have no meaning. The caller checks whether values are finite.
    fn read_lenient(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        let _ = faults;
        self.read(first, out)
    }

    /// Returns the rows that are best decoded together with `row`, for formats that decode many rows at once.
    fn block(&self, row: usize) -> Option<Range<usize>> {
        let _ = row;
        None
    }

    /// Reads a whole block as [`Dialect::read_lenient`] does; several threads may call it at once.
    fn read_block(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        self.read_lenient(first, out, faults)
    }

    /// Returns the number of dimensions of every block of a row; rows have one block unless several were asked for.
    fn widths(&self) -> Vec<usize> {
        vec![self.dim()]
    }

    /// Returns the names of the columns that texts can be read from.
    fn columns(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Returns the names of the dimensions, where the file's own header says which columns they are.
    fn dimensions(&self) -> Option<Vec<String>> {
        None
    }

    /// Reads the texts of a column, one per row.
    fn texts(&self, column: TextColumn<'_>) -> Result<Vec<String>> {
        Err(Error::parameter(
            "column",
            column.name,
            "give a file of another format, as this one holds no texts beside the embeddings",
        ))
    }
}
