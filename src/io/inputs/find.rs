//! The files that a path means: the file itself, those in a folder, or those that fit a pattern.

use super::pattern;
use crate::error::{Error, Result};
use crate::io::formats::{is_known, names};
use crate::io::list;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Most files that a folder or a pattern may give.
const MOST: usize = 1 << 20;

/// Lists the files that `path` means, in the order of their names, byte by byte.
pub(super) fn files(path: &Path) -> Result<Vec<PathBuf>> {
    // This means standard input; a file of this name is `./-`.
    if path == Path::new("-") {
        return Ok(vec![path.to_owned()]);
    }
    if path.is_dir() {
        return folder(path);
    }
    let is_pattern = path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
    match is_pattern && !path.exists() {
        true => pattern(path),
        // A path that exists means that file, whatever characters its name has.
        false => Ok(vec![path.to_owned()]),
    }
}

/// Whether a file in a folder is data, and not a mark or a checksum of the program that wrote it, such as `_SUCCESS` or
/// `.part-0.crc`.
fn is_part(path: &Path) -> bool {
    let hidden = |name: &OsStr| matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_'));
    is_known(path) && !path.file_name().is_none_or(hidden)
}

fn folder(path: &Path) -> Result<Vec<PathBuf>> {
    let at = |error: io::Error| Error::io("opening", error).at(path);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(at)?.take(MOST) {
        let file = entry.map_err(at)?.path();
        match file.is_dir() {
            true => folders.push(file),
            false => files.push(file),
        }
    }
    let visible = |folder: &&PathBuf| !folder.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    if let Some(inner) = folders.iter().filter(visible).min() {
        let reason = format!(
            "it has folders in it, such as {:?}, which are not read along; name the files by a pattern such as {:?}",
            inner.file_name().unwrap_or_default(),
            path.join("*").join("*")
        );
        return Err(Error::format("folder", reason).at(path));
    }
    parts(path, files)
}

fn pattern(path: &Path) -> Result<Vec<PathBuf>> {
    let mut files = pattern::paths(path, MOST)?;
    files.retain(|file| !file.is_dir());
    if files.is_empty() {
        let error = io::Error::new(io::ErrorKind::NotFound, "no file fits this pattern");
        return Err(Error::io("opening", error).at(path));
    }
    parts(path, files)
}

/// Returns those of `files` that are data, in the order of their names.
fn parts(path: &Path, mut files: Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    files.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    files.dedup();
    let (parts, others): (Vec<PathBuf>, Vec<PathBuf>) = files.into_iter().partition(|file| is_part(file));
    if parts.is_empty() {
        let others = list(others.iter().filter_map(|file| file.file_name()).map(OsStr::to_string_lossy));
        return Err(
            Error::format("folder", format!("none of its files holds embeddings: {others}; {}", names())).at(path)
        );
    }
    Ok(parts)
}
