//! Opens databases of semantic IDs such that Ctrl-C ends their work.

use crate::args::NamespaceArgs;
use crate::interrupt;
use semid::Result;
use semid::registry::{SqliteOptions, SqliteStore, Store};
use std::path::Path;

/// Opens a namespace of a database for writing, and makes the database if it is missing.
pub(crate) fn open(path: &Path, namespace: &NamespaceArgs) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open(path)?.in_namespace(namespace.name())
}

/// Opens a namespace of an existing database for reading.
pub(crate) fn read(path: &Path, namespace: &NamespaceArgs) -> Result<SqliteStore> {
    SqliteOptions::new().watch(interrupt::flow).open_read_only(path)?.in_namespace(namespace.name())
}
