//! The place of a database: what lies beside it, and why there can be none.

use super::error::not_a_registry;
use crate::error::{Error, ErrorKind, Result};
use std::io::ErrorKind::{IsADirectory, NotFound, PermissionDenied, ReadOnlyFilesystem};
use std::path::{Path, PathBuf};

/// Refuses what is there and no regular file: reading a pipe waits for ever.
pub(super) fn check(path: &Path) -> Result<()> {
    match std::fs::metadata(path) {
        Ok(file) if file.is_file() => Ok(()),
        Ok(file) if file.is_dir() => Err(Error::io("opening", IsADirectory.into())),
        Ok(_) => Err(not_a_registry("it is no regular file")),
        Err(error) if error.kind() == NotFound => Ok(()),
        Err(error) => Err(Error::io("opening", error)),
    }
}

/// What the operating system says about the place of a database that SQLite, which tells little, could not open to
/// write; `error` itself where it says nothing.
pub(super) fn explain(error: Error, path: &Path) -> Error {
    if let Some(foreign) = foreign_log(path) {
        return foreign.into();
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if let Err(error) = std::fs::metadata(folder) {
        return Error::io("opening", error);
    }
    // The write-ahead log has to be made beside the database.
    match tempfile::tempfile_in(folder) {
        Err(error) if matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem) => ErrorKind::ReadOnly.into(),
        _ => error,
    }
}

/// A file beside the database that belongs to another user than the database: the reason why nothing can be written.
#[cfg(unix)]
pub(super) fn foreign_log(path: &Path) -> Option<ErrorKind> {
    use std::os::unix::fs::MetadataExt;
    let owner = std::fs::metadata(path).ok()?.uid();
    let foreign = |ending: &&str| {
        let other = std::fs::symlink_metadata(beside(path, ending)).ok()?.uid();
        (other != owner).then(|| ErrorKind::ForeignLog { file: beside(path, ending), owner: format!("user {other}") })
    };
    LOGS.iter().find_map(foreign)
}

#[cfg(not(unix))]
pub(super) fn foreign_log(_path: &Path) -> Option<ErrorKind> {
    None
}

/// The endings of the files that SQLite keeps beside a database.
#[cfg(unix)]
const LOGS: [&str; 2] = ["-wal", "-shm"];

/// Whether there are changes beside the file that are not in it yet.
pub(super) fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that SQLite keeps beside a database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The path as SQLite takes it for nothing but a path: "file:x" is a URI to it, and ":memory:" no file.
pub(super) fn plain(path: &Path) -> PathBuf {
    if path.is_absolute() { path.to_owned() } else { Path::new(".").join(path) }
}

/// The URI of a path with these parameters.
pub(super) fn uri(path: &Path, parameters: &str) -> PathBuf {
    let path = plain(path);
    let safe = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(byte);
    let escape = |byte: &u8| if safe(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let name: String = path.as_os_str().as_encoded_bytes().iter().map(escape).collect();
    // An absolute path follows an authority, which is none.
    format!("file:{}{name}?{parameters}", if name.starts_with('/') { "//" } else { "" }).into()
}
