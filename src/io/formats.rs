//! Opens a file of embeddings by the format that its name or its first bytes tell.

use super::dialect::Dialect;
use super::file::Source;
use super::side_by_side::SideBySide;
use super::{FvecsRows, NpyRows, ReadOptions, SafetensorsRows, convert, extension, text};
use crate::error::{Error, Result};
use std::path::Path;

type Open = fn(Source, &str, &ReadOptions) -> Result<Box<dyn Dialect>>;

/// The formats of embeddings: the extension of their files, and the function that opens one.
const FORMATS: [(&str, Open); 8] = [
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

const NPZ: Open = {
    #[cfg(feature = "npz")]
    {
        |source, _, options| super::npz::open(source.named("npz"), options)
    }
    #[cfg(not(feature = "npz"))]
    {
        |source, _, _| left_out(&source, "npz", ".npz files")
    }
};

const PARQUET: Open = {
    #[cfg(feature = "parquet")]
    {
        |source, _, options| Ok(Box::new(super::ParquetRows::of(source.named("parquet"), options)?))
    }
    #[cfg(not(feature = "parquet"))]
    {
        |source, _, _| left_out(&source, "parquet", "parquet files")
    }
};

const TABLE: Open = {
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

/// Says which files are read.
pub(super) fn names() -> String {
    let [all @ .., last] = EXTENSIONS.map(|extension| format!(".{extension}"));
    format!("embeddings are read from files named {} or {last}", all.join(", "))
}

/// Opens one file by its extension.
pub(super) fn open(path: &Path, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    let extension = extension(path);
    if !path.as_os_str().is_empty() {
        convert::exists(path)?;
    }
    convert::refuse(path, &extension)?;
    if !is_known(path) {
        return Err(unknown(path));
    }
    of(Source::open(path, "input")?, &extension, options)
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

/// Returns the error about a file whose name tells no format.
fn unknown(path: &Path) -> Error {
    const PACKED: [&str; 5] = ["gz", "zst", "bz2", "xz", "zip"];
    let expected = match extension(path) {
        of if PACKED.contains(&of.as_str()) => {
            format!("a file that is not packed as a whole; unpack it first; {}", names())
        }
        _ if path.starts_with("/dev") => format!("`-` for standard input, or a file; {}", names()),
        of => format!("{}{}", names(), advice(&of)),
    };
    Error::parameter("input", path.display(), expected)
}

/// Opens the file in `source` by the extension of its name or, where it has none, by its first bytes.
pub(super) fn of_source(source: Source, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    let extension = extension(source.path());
    convert::refuse(source.path(), &extension)?;
    match extension.is_empty() {
        true => {
            let found = sniff(&source)?;
            of(source, found, options)
        }
        false => of(source, &extension, options),
    }
}

/// Opens the file in `source`, which is of the format that an extension says.
pub(super) fn of(source: Source, extension: &str, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    convert::refuse_packed(&source)?;
    match options.blocks.as_slice() {
        [] => one(source, extension, options),
        _ => Ok(Box::new(SideBySide::open(&source, extension, options)?)),
    }
}

/// Opens the only embedding of every row of the file in `source`.
pub(super) fn one(source: Source, extension: &str, options: &ReadOptions) -> Result<Box<dyn Dialect>> {
    match FORMATS.iter().find(|(name, _)| *name == extension) {
        Some((_, open)) => open(source, extension, options),
        None => Err(Error::parameter("input", source.path().display(), names())),
    }
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
        // A number of dimensions below 65,536, in four bytes; texts have no zeros.
        [_, _, 0, 0, ..] => "fvecs",
        head if matches!(head.trim_ascii_start().first(), Some(b'[' | b'{')) => "jsonl",
        head if head.contains(&b'\t') => "tsv",
        _ => "csv",
    })
}
