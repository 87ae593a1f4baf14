//! The formats of embeddings, by the extensions of their files.

use super::dialect::Dialect;
use super::file::Source;
use super::{FvecsRows, NpyRows, ReadOptions, SafetensorsRows, extension, text};
use crate::error::{Error, Result};
use std::path::Path;

type OpenFormat = fn(Source, &str, &ReadOptions) -> Result<Box<dyn Dialect>>;

/// The formats of embeddings: the extension of their files, and the function that opens one.
const FORMATS: [(&str, OpenFormat); 8] = [
    ("npy", |source, _, options| Ok(Box::new(NpyRows::of(source.named("npy"), options.integers)?))),
    ("npz", NPZ),
    ("parquet", PARQUET),
    ("safetensors", |source, _, options| {
        Ok(Box::new(SafetensorsRows::of(source.named("safetensors"), options.tensor.as_deref())?))
    }),
    ("fvecs", |source, _, _| Ok(Box::new(FvecsRows::of(source.named("fvecs"))?))),
    ("csv", TABLE),
    ("tsv", TABLE),
    ("jsonl", |source, extension, options| Ok(Box::new(text::open(source.named("text"), extension, options)?))),
];

const NPZ: OpenFormat = {
    #[cfg(feature = "npz")]
    {
        |source, _, options| super::npz::open(source.named("npz"), options)
    }
    #[cfg(not(feature = "npz"))]
    {
        |source, _, _| left_out(&source, "npz", ".npz files")
    }
};

const PARQUET: OpenFormat = {
    #[cfg(feature = "parquet")]
    {
        |source, _, options| Ok(Box::new(super::ParquetRows::of(source.named("parquet"), options)?))
    }
    #[cfg(not(feature = "parquet"))]
    {
        |source, _, _| left_out(&source, "parquet", "parquet files")
    }
};

const TABLE: OpenFormat = {
    #[cfg(feature = "csv")]
    {
        |source, extension, options| Ok(Box::new(text::open(source.named("text"), extension, options)?))
    }
    #[cfg(not(feature = "csv"))]
    {
        |source, _, _| left_out(&source, "csv", "tables as text")
    }
};

/// The extensions of files of embeddings, whether this build can read them or not.
pub const EXTENSIONS: [&str; FORMATS.len()] = {
    let (mut all, mut i) = ([""; FORMATS.len()], 0);
    while i < all.len() {
        all[i] = FORMATS[i].0;
        i += 1;
    }
    all
};

/// Refuses a format that this build leaves out.
#[cfg(not(all(feature = "csv", feature = "npz", feature = "parquet")))]
fn left_out(source: &Source, feature: &'static str, what: &'static str) -> Result<Box<dyn Dialect>> {
    Err(Error::feature(feature, what).at(source.path()))
}

/// Returns whether a file of this name is read.
pub(super) fn is_known(path: &Path) -> bool {
    EXTENSIONS.contains(&extension(path).as_str())
}

/// Says which files are read, after the word for one of them.
pub(super) fn names() -> String {
    let [all @ .., last] = EXTENSIONS.map(|extension| format!(".{extension}"));
    format!("must be named {} or {last}", all.join(", "))
}

/// Says how files of another format are read after all.
pub(super) fn advice(extension: &str) -> &'static str {
    match extension {
        "json" | "ndjson" => "; give a file with an object or a list on every line the extension .jsonl",
        "arrow" | "avro" | "feather" | "ipc" | "orc" | "xls" | "xlsx" => "; save it as .parquet",
        "txt" | "dat" => "; give a table with commas the extension .csv, one with tabs .tsv",
        _ => "",
    }
}

/// Opens the only embedding of every row of the file in `source`.
pub(super) fn one(source: Source, extension: &str, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    match FORMATS.iter().find(|(name, _)| *name == extension) {
        Some((_, open)) => open(source, extension, options),
        None => Err(Error::parameter("input", source.path().display(), names())),
    }
}
