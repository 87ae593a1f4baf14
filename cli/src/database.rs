//! Databases of semantic IDs, opened so that Ctrl-C ends whatever they do.

use crate::interrupt;
use semid::Result;
use semid::registry::{SqliteOptions, SqliteStore};
use std::path::Path;

/// Opens a database for writing; makes it where there is none.
pub(crate) fn open(path: &Path) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open(path)
}

/// Opens an existing database for reading.
pub(crate) fn read(path: &Path) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open_read_only(path)
}
