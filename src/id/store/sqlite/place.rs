//! Looks at the place of a database: the files beside it, and why a database cannot be there.

use super::error::not_a_registry;
use crate::error::{Error, ErrorKind, Result};
use std::io::ErrorKind::{IsADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
use std::path::{Path, PathBuf};

/// Refuses a path to anything but a regular file, as reading a pipe may wait for ever.
pub(super) fn check(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() => Ok(()),
        Ok(file) if file.is_dir() => Err(Error::io("opening", IsADirectory.into())),
        Ok(_) => Err(not_a_registry("it is no regular file")),
        Err(error) if error.kind() == NotFound => Ok(()),
        Err(error) => Err(Error::io("opening", error)),
    }
}

/// Asks the operating system why SQLite, whose errors say little, could not open a database for writing; returns
/// `error` itself where the system gives no reason.
pub(super) fn explain(error: Error, path: &Path) -> Error {
    if matches!(error.kind(), ErrorKind::ReadOnly { .. }) || foreign_log(path).is_some() {
        return why_read_only(path).into();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = std::fs::metadata(folder) {
        return Error::io("opening", error);
    }
    // SQLite has to make the write-ahead log beside the database.
    match tempfile::tempfile_in(folder) {
        Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => why_read_only(path).into(),
        _ => error,
    }
}

/// Returns why a database cannot be written to: a file beside it that belongs to another user, or the permissions that
/// its owner gave.
pub(super) fn why_read_only(path: &Path) -> ErrorKind {
    foreign_log(path).unwrap_or_else(|| ErrorKind::ReadOnly { owner: owner(path) })
}

/// Returns the first file beside the database that belongs to another user than the database; it is the reason why
/// nothing can be written.
#[cfg(unix)]
fn foreign_log(path: &Path) -> Option<ErrorKind> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(path).ok()?.uid();
    let foreign = |ending: &&str| {
        let other = std::fs::symlink_metadata(beside(path, ending)).ok()?.uid();
        (other != owner).then(|| ErrorKind::ForeignLog { file: beside(path, ending), owner: format!("user {other}") })
    };
    LOGS.iter().find_map(foreign)
}

/// Returns the user that a file belongs to.
#[cfg(unix)]
fn owner(path: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).ok().map(|file| format!("user {}", file.uid()))
}

#[cfg(not(unix))]
fn owner(_path: &Path) -> Option<String> {
    None
}

#[cfg(not(unix))]
fn foreign_log(_path: &Path) -> Option<ErrorKind> {
    None
}

/// The endings of the names of the files that SQLite keeps beside a database.
#[cfg(unix)]
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// Returns whether the write-ahead log has content, that is, changes that may not be in the file yet.
pub(super) fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// Returns the name of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the path in a form that SQLite takes as a path only; it would read "file:x" as a URI and ":memory:" as no
/// file.
pub(super) fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// Returns the URI of a path with these parameters.
pub(super) fn uri(path: &Path, parameters: &str) -> PathBuf {
    let path = plain(path);
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(byte);
    let escape = |byte: &u8| if safe(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let name: String = path.as_os_str().as_encoded_bytes().iter().map(escape).collect();
    // Before an absolute path stands an authority, which is empty here.
    format!("file:{}{name}?{parameters}", if name.starts_with('/') { "//" } else { "" }).into()
}
