//! What every format of embeddings can do; each has a file of its own.

use super::{FvecsRows, NpyRows, ReadOptions, SafetensorsRows, extension};
use crate::error::{Error, Result};
use crate::rows::Rows;
use std::path::Path;

/// Embeddings in a file, and the texts that stand beside them.
pub(crate) trait Dialect: Rows + Send {
    /// Names of the columns that texts can be read from.
    fn columns(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// The texts of a column, one per row.
    fn strings(&self, column: &str) -> Result<Vec<String>> {
        Err(Error::parameter("column", column, "this format holds no texts beside the embeddings"))
    }
}

impl Dialect for NpyRows {}
impl Dialect for SafetensorsRows {}
impl Dialect for FvecsRows {}

/// The extensions that are read, for errors.
pub(super) const NAMES: &str = "embeddings are read from files named .npy, .parquet, .safetensors or .fvecs";

/// Whether a file of this name is read.
pub(super) fn is_known(path: &Path) -> bool {
    matches!(extension(path).as_str(), "npy" | "safetensors" | "fvecs" | "parquet")
}

/// Opens one file by its extension.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    Ok(match extension(path).as_str() {
        "npy" => Box::new(NpyRows::open(path)?),
        "safetensors" => Box::new(SafetensorsRows::open(path, options.tensor.as_deref())?),
        "fvecs" => Box::new(FvecsRows::open(path)?),
        #[cfg(feature = "parquet")]
        "parquet" => Box::new(super::ParquetRows::open(path, options.column.as_deref())?),
        #[cfg(not(feature = "parquet"))]
        "parquet" => return Err(Error::feature("parquet", "parquet files").at(path)),
        _ => return Err(Error::parameter("input", path.display(), NAMES)),
    })
}
