//! The files that a path means: the file itself, those in a folder, or those that fit a pattern.

use super::pattern::{self, too_many};
use crate::error::{Error, Result};
use crate::io::formats::{advice, is_known, names};
use crate::io::{extension, list};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};

/// Most files that a folder or a pattern may give.
const MOST: usize = 1 << 20;

/// Lists the files that `path` means, in the order of their names, byte by byte; adds those of unknown formats, but for
/// marks, to `passed_over`.
pub(super) fn files(path: &Path, passed_over: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    // This means standard input; a file of this name is `./-`.
    if path == Path::new("-") {
        return Ok(vec![path.to_owned()]);
    }
    if path.is_dir() {
        return parts(path, folder(path, MOST)?, passed_over);
    }
    let is_pattern = path.as_os_str().as_encoded_bytes().iter().any(|byte| b"*?[".contains(byte));
    match is_pattern && !path.exists() {
        true => pattern(path, MOST, passed_over),
        // A path that exists means that file, whatever characters its name has.
        false => Ok(vec![path.to_owned()]),
    }
}

/// Whether a file or folder is a mark, a checksum or a log of the program that wrote the data, such as `_SUCCESS` or
/// `.part-0.crc`.
fn is_mark(path: &Path) -> bool {
    path.file_name().is_none_or(|name| matches!(name.as_encoded_bytes().first(), Some(b'.' | b'_')))
}

/// Whether a path fits a pattern only because a wildcard stands for a mark in it, such as `_temporary`.
fn is_by_chance(pattern: &Path, path: &Path) -> bool {
    let names = |path: &'_ Path| path.iter().rev().map(OsStr::to_owned).collect::<Vec<_>>();
    let is_mark = |name: &OsStr| name.as_encoded_bytes().starts_with(b"_");
    names(pattern).iter().zip(&names(path)).any(|(asked, found)| is_mark(found) && !is_mark(asked))
}

/// Programs that keep a table in a folder with the files of rows that were deleted, and the folder by which such a
/// table is known.
const TABLES: [(&str, &str); 3] = [("_delta_log", "Delta Lake"), (".hoodie", "Hudi"), ("metadata", "Iceberg")];

/// Lists the files in a folder that has no folders in it, but for hidden ones and marks, such as `_temporary`; refuses
/// one with more than `most` entries.
fn folder(path: &Path, most: usize) -> Result<Vec<PathBuf>> {
    let at = |error: io::Error| Error::io("opening", error).at(path);
    let (mut files, mut folders) = (Vec::new(), Vec::new());
    for entry in std::fs::read_dir(path).map_err(at)? {
        if files.len() + folders.len() >= most {
            return Err(too_many(path, most));
        }
        let file = entry.map_err(at)?.path();
        match file.is_dir() {
            true => folders.push(file),
            false => files.push(file),
        }
    }
    let has = |name: &str| folders.iter().any(|folder| folder.file_name() == Some(OsStr::new(name)));
    if let Some((_, program)) = TABLES.iter().find(|(log, _)| has(log) && (*log != "metadata" || has("data"))) {
        let parquet = if has("data") { path.join("data").join("*.parquet") } else { path.join("*.parquet") };
        let reason = format!(
            "it is a table of {program}, which may have files of rows that were deleted; write its rows to .parquet \
             files with a program that reads such tables, or name the files by a pattern such as \"{}\" if all \
             of them count",
            parquet.display()
        );
        return Err(Error::format("folder", reason).at(path));
    }
    if let Some(inner) = folders.iter().filter(|folder| !is_mark(folder)).min() {
        let reason = format!(
            "it has folders in it, such as {:?}, which are not read along; the pattern \"{}\" stands for the files in \
             all of them",
            inner.file_name().unwrap_or_default(),
            path.join("*").display()
        );
        return Err(Error::format("folder", reason).at(path));
    }
    Ok(files)
}

fn pattern(path: &Path, most: usize, passed_over: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    // `**` also fits what is in the folders that it fits.
    let is_deep = path.iter().any(|name| name == "**");
    let mut files = Vec::new();
    for file in pattern::paths(path, most)? {
        match file.is_dir() {
            _ if !is_deep && is_by_chance(path, &file) => {}
            true if is_deep => {}
            true => files.append(&mut folder(&file, most)?),
            false => files.push(file),
        }
        if files.len() > most {
            return Err(too_many(path, most));
        }
    }
    if files.is_empty() {
        let error = io::Error::new(io::ErrorKind::NotFound, "no file fits this pattern");
        return Err(Error::io("opening", error).at(path));
    }
    parts(path, files, passed_over)
}

/// Returns those of `files` that are data, in the order of their names.
fn parts(path: &Path, mut files: Vec<PathBuf>, passed_over: &mut Vec<PathBuf>) -> Result<Vec<PathBuf>> {
    files.sort_unstable_by(|a, b| a.as_os_str().as_encoded_bytes().cmp(b.as_os_str().as_encoded_bytes()));
    files.dedup();
    let (parts, others): (Vec<PathBuf>, Vec<PathBuf>) =
        files.into_iter().partition(|file| is_known(file) && !is_mark(file));
    if parts.is_empty() {
        let named = list(others.iter().filter_map(|file| file.file_name()).map(OsStr::to_string_lossy));
        let found = match others.is_empty() {
            true => "it has no files".to_owned(),
            false => format!("none of its files holds embeddings: {named}"),
        };
        let advice = others.iter().map(|file| advice(&extension(file))).find(|text| !text.is_empty());
        let read = format!("a file of embeddings {}{}", names(), advice.unwrap_or_default());
        return Err(Error::format("folder", format!("{found}; {read}")).at(path));
    }
    passed_over.extend(others.into_iter().filter(|file| !is_mark(file)));
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::{folder, pattern};
    use crate::io::testing::Folder;
    use std::fs;

    /// None is left out without a word.
    #[test]
    fn too_many_files_are_refused() {
        let root = Folder::new();
        for name in ["a", "b"] {
            fs::create_dir(root.path(name)).unwrap();
            (0..3).for_each(|i| drop(root.put(&format!("{name}/{i}.npy"), b"")));
        }
        let (one, all, files) = (root.path("a"), root.path("?"), root.path("?/*.npy"));
        assert_eq!(folder(&one, 3).unwrap().len(), 3);
        for path in [&all, &files] {
            assert_eq!(pattern(path, 6, &mut Vec::new()).unwrap().len(), 6, "{path:?}");
        }
        let refused = [folder(&one, 2), pattern(&all, 5, &mut Vec::new()), pattern(&files, 5, &mut Vec::new())];
        for (refused, path) in refused.into_iter().zip([one, all, files]) {
            let error = refused.unwrap_err();
            assert_eq!(error.path(), Some(path.as_path()));
            assert!(error.to_string().contains(" files; name fewer"), "{error}");
        }
    }
}
