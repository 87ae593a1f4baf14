//! What every format of embeddings can do; each has a file of its own.

use crate::error::{Error, Fault, Result};
use crate::rows::Rows;
use std::ops::Range;

/// Embeddings in a file, and the texts that stand beside them.
pub(crate) trait Dialect: Rows + Send {
    /// [`Rows::read`], but rows that are missing or of another length are reported and their values are of no meaning;
    /// values that are not finite are left to the caller.
    fn read_lenient(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        let _ = faults;
        self.read(first, out)
    }

    /// The rows that are best decoded together with `row`, where that is so.
    fn block(&self, row: usize) -> Option<Range<usize>> {
        let _ = row;
        None
    }

    /// [`Dialect::read_lenient`] of a whole block, which several threads may call at once.
    fn read_block(&self, first: usize, out: &mut [f32], faults: &mut Vec<Fault>) -> Result<()> {
        self.read_lenient(first, out, faults)
    }

    /// Names of the columns that texts can be read from.
    fn columns(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The texts of a column, one per row.
    fn strings(&self, column: &str) -> Result<Vec<String>> {
        Err(Error::parameter("column", column, "this format holds no texts beside the embeddings"))
    }
}
