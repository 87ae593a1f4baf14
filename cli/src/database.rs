//! Opens databases of semantic IDs such that Ctrl-C ends their work.

use crate::interrupt;
use semid::Result;
use semid::registry::{SqliteOptions, SqliteStore};
use std::path::Path;

/// Opens a database for writing, and makes it if it is missing.
pub(crate) fn open(path: &Path) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open(path)
}

/// Opens an existing database for reading.
pub(crate) fn read(path: &Path) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open_read_only(path)
}
