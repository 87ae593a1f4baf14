//! Extensions of files, which tell their formats.

use std::path::Path;

/// Returns the extension of a file's name in lower case, without its dot; empty where there is none.
pub(crate) fn extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}
