//! Opens a file of embeddings by the format that its name or its first bytes tell.

use super::dialect::Dialect;
use super::file::Source;
use super::formats::{advice, is_known, names, one};
use super::side_by_side::SideBySide;
use super::{ReadOptions, convert, extension};
use crate::error::{Error, Result};
use std::path::Path;

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

/// Returns the error about a file whose name tells no format.
fn unknown(path: &Path) -> Error {
    const PACKED: [&str; 5] = ["gz", "zst", "bz2", "xz", "zip"];
    let expected = match extension(path) {
        of if PACKED.contains(&of.as_str()) => {
            format!("must not be packed as a whole; unpack it first; then it {}", names())
        }
        _ if path.starts_with("/dev") => format!("give `-` for standard input, or a file, which {}", names()),
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
