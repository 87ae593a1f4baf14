//! Why there can be no database in a place.

use crate::error::{Error, ErrorKind};
use std::io::ErrorKind::{IsADirectory, PermissionDenied, ReadOnlyFilesystem};
use std::path::Path;

/// What the operating system says about the place of a database that SQLite, which tells little, could not open to write;
/// `error` itself where it says nothing.
pub(super) fn explain(error: Error, path: &Path) -> Error {
    if path.is_dir() {
        return Error::io("opening", IsADirectory.into());
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
