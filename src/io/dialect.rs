//! The trait of the formats of embeddings, and the choice among them; each format has a file of its own.

use super::bad_rows::Fault;
use super::file::Source;
use super::{FvecsRows, NpyRows, ReadOptions, SafetensorsRows, convert, extension, text};
use crate::error::{Error, Result};
use crate::rows::Rows;
use std::ops::Range;
use std::path::Path;

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

    /// Returns the names of the columns that texts can be read from.
    fn columns(&self) -> Result<Vec<String>> {
        Ok(Vec::new())
    }

    /// Reads the texts of a column, one per row.
    fn strings(&self, column: &str) -> Result<Vec<String>> {
        Err(Error::parameter("column", column, "this format holds no texts beside the embeddings"))
    }
}

impl Dialect for NpyRows {}
impl Dialect for SafetensorsRows {}
impl Dialect for FvecsRows {}

/// The list of the extensions that are read, for errors.
pub(super) const NAMES: &str =
    "embeddings are read from files named .npy, .npz, .parquet, .safetensors, .fvecs, .csv, .tsv or .jsonl";

const KNOWN: [&str; 8] = ["npy", "npz", "parquet", "safetensors", "fvecs", "csv", "tsv", "jsonl"];

/// Whether a file of this name is read.
pub(super) fn is_known(path: &Path) -> bool {
    KNOWN.contains(&extension(path).as_str())
}

/// Opens one file by its extension.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    let extension = extension(path);
    convert::refuse(path, &extension)?;
    if !is_known(path) {
        return Err(Error::parameter("input", path.display(), NAMES));
    }
    is_built_in(&extension).map_err(|error| error.at(path))?;
    of(Source::open(path, "input")?, &extension, options)
}

/// Refuses formats that this build leaves out.
fn is_built_in(extension: &str) -> Result<()> {
    match extension {
        #[cfg(not(feature = "csv"))]
        "csv" | "tsv" => Err(Error::feature("csv", "tables as text")),
        #[cfg(not(feature = "npz"))]
        "npz" => Err(Error::feature("npz", ".npz files")),
        #[cfg(not(feature = "parquet"))]
        "parquet" => Err(Error::feature("parquet", "parquet files")),
        _ => Ok(()),
    }
}

/// Opens the file in `source`, which is of the format that an extension says.
pub(super) fn of(source: Source, extension: &str, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    is_built_in(extension).map_err(|error| error.at(source.path()))?;
    Ok(match extension {
        "npy" => Box::new(NpyRows::of(source.named("npy"), options.integers)?),
        "safetensors" => Box::new(SafetensorsRows::of(source.named("safetensors"), options.tensor.as_deref())?),
        "fvecs" => Box::new(FvecsRows::of(source.named("fvecs"))?),
        "csv" | "tsv" | "jsonl" => Box::new(text::open(source.named("text"), extension, options)?),
        #[cfg(feature = "npz")]
        "npz" => super::npz::open(source.named("npz"), options)?,
        #[cfg(feature = "parquet")]
        "parquet" => Box::new(super::ParquetRows::of(source.named("parquet"), options)?),
        _ => return Err(Error::parameter("input", source.path().display(), NAMES)),
    })
}

/// Returns the extension of files that begin as `source` does. The first bytes tell binary formats; of texts, one that
/// begins with a bracket is .jsonl, one with a tab in the first 16 bytes .tsv, and any other .csv.
pub(super) fn sniff(source: &Source) -> Result<&'static str> {
    let mut start = [0; 16];
    let len = source.len().min(16) as usize;
    let (head, _) = start.split_at_mut(len);
    source.read(0, head)?;
    let head = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    Ok(match head {
        [0x93, b'N', b'U', b'M', b'P', b'Y', ..] => "npy",
        [b'P', b'A', b'R', b'1', ..] => "parquet",
        [b'P', b'K', 3, 4, ..] => "npz",
        // The length of the header, and its first character.
        [_, _, _, _, _, 0, 0, 0, b'{', ..] => "safetensors",
        head if matches!(head.trim_ascii_start().first(), Some(b'[' | b'{')) => "jsonl",
        head if head.contains(&b'\t') => "tsv",
        _ => "csv",
    })
}
