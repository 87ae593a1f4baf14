//! A store in an SQLite database.

mod codec;
mod error;
mod open;
mod place;
mod schema;
mod statements;
#[cfg(test)]
mod tests;

use super::{Entry, Holder, Manifest, Record, Store};
use crate::error::{Error, Result};
use crate::id::semantic_id::SemanticId;
use error::typed;
use rusqlite::Connection;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long to wait for other processes unless told otherwise.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// Registered IDs in one SQLite database; several processes may use it at once.
///
/// A database has a write-ahead log and `synchronous = FULL`: what was committed survives a crash of the process, and
/// of the machine as far as the disk keeps its promises. It does not belong on a network file system.
///
/// ```
/// use semid::registry::{Manifest, Registry, Resolver, SqliteStore};
/// use semid::IdFormat;
///
/// let dir = tempfile::tempdir()?;
/// let store = SqliteStore::open(dir.path().join("ids.db"))?;
/// let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
/// let registry = Registry::new(store, manifest, b"")?;
/// assert!(registry.is_empty()?);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SqliteStore {
    connection: Connection,
    path: PathBuf,
    /// Whether the tables tell whose retired IDs were; the first version, which is not migrated to be read, does not.
    has_former: bool,
}

impl SqliteStore {
    /// Opens a database for reading and writing; makes it where there is none.
    ///
    /// # Errors
    /// With the path: [`ErrorKind::ReadOnly`](crate::ErrorKind::ReadOnly), [`ErrorKind::Locked`](crate::ErrorKind::Locked)
    /// after 30 seconds, [`ErrorKind::Full`](crate::ErrorKind::Full), [`ErrorKind::Format`](crate::ErrorKind::Format) for
    /// another kind of file, [`ErrorKind::DamagedRegistry`](crate::ErrorKind::DamagedRegistry),
    /// [`ErrorKind::NewerRegistry`](crate::ErrorKind::NewerRegistry), [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::open_with(path, BUSY_TIMEOUT)
    }

    /// [`SqliteStore::open`] that waits for other processes no longer than `busy_timeout`, now and later.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, busy_timeout: Duration) -> Result<Self> {
        let path = path.as_ref().to_owned();
        match open::to_write(&path, busy_timeout) {
            Ok(connection) => Ok(Self { connection, path, has_former: true }),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Opens an existing database for reading, whether it can be written to or not.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`], and [`ErrorKind::NoRegistry`](crate::ErrorKind::NoRegistry) for an empty database.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        match open::to_read(&path, BUSY_TIMEOUT) {
            Ok((connection, version)) => Ok(Self { connection, path, has_former: version > 1 }),
            Err(error) => Err(error.at(path)),
        }
    }

    /// Where the database is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads all of the database and checks it: its pages, its order, that every ID has one item and every item one ID.
    ///
    /// # Errors
    /// [`ErrorKind::DamagedRegistry`](crate::ErrorKind::DamagedRegistry) with what was found first.
    pub fn check(&self) -> Result<()> {
        let said = self.row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0))?;
        match said.as_deref() {
            Some("ok") => Ok(()),
            said => Err(self.at(Error::damaged_registry(said.unwrap_or("it cannot be checked")))),
        }
    }

    /// Writes a copy, as of one moment, to the empty or missing file `path`.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<()> {
        let name = path.to_str().ok_or_else(|| Error::parameter("path", path.display(), "UTF-8"))?;
        // A copy changes nothing here, but is refused by a connection that only reads.
        let query_only = |on: bool| self.connection.pragma_update(None, "query_only", on).map_err(typed);
        let former = self.connection.pragma_query_value(None, "query_only", |row| row.get(0)).map_err(typed)?;
        query_only(false)?;
        let copied = self.connection.execute("VACUUM INTO ?1", [name]).map_err(|error| typed(error).at(path));
        query_only(former)?;
        copied.map(|_| ())
    }
}

/// Whether a write-ahead log lies beside `path`, without which a database of that name is incomplete.
pub(crate) fn has_log(path: &Path) -> bool {
    open::has_log(path)
}

impl Store for SqliteStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        let rows = self.rows("SELECT key, value FROM manifest", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let map = rows.into_iter().collect();
        (!std::collections::BTreeMap::is_empty(&map))
            .then(|| Manifest::from_map(&map).map_err(|e| self.at(e)))
            .transpose()
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        self.row("SELECT bytes FROM model", [], |row| row.get(0))
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.change("DELETE FROM manifest", [])?;
        for (key, value) in manifest.to_map() {
            self.change("INSERT INTO manifest (key, value) VALUES (?1, ?2)", [key, value])?;
        }
        self.change("INSERT OR REPLACE INTO model (id, bytes) VALUES (0, ?1)", [model])?;
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        self.rollback()?;
        self.batch("BEGIN IMMEDIATE")
    }

    fn commit(&mut self) -> Result<()> {
        self.batch("COMMIT")
    }

    fn rollback(&mut self) -> Result<()> {
        // SQLite has rolled back by itself after some failures, a full disk for one.
        if self.connection.is_autocommit() { Ok(()) } else { self.batch("ROLLBACK") }
    }

    fn entry(&self, item: &str) -> Result<Option<Entry>> {
        self.find_entry(item)
    }

    fn holder(&self, id: &SemanticId) -> Result<Holder> {
        self.find_holder(id)
    }

    fn insert(&mut self, item: Option<&str>, entry: &Entry) -> Result<()> {
        self.insert_record(item, entry)
    }

    fn retire(&mut self, item: &str) -> Result<Option<SemanticId>> {
        self.retire_item(item)
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        self.records(prefix, after, limit)
    }

    fn used(&self, codes: &[u32]) -> Result<u64> {
        self.largest_suffix(codes)
    }

    fn retired(&self, codes: &[u32], item: &str) -> Result<Vec<u64>> {
        self.retired_suffixes(codes, item)
    }

    fn used_below(&self, prefix: &[u32]) -> Result<Vec<(Vec<u32>, u64)>> {
        self.largest_suffixes(prefix)
    }

    fn count(&self, prefix: &[u32]) -> Result<u64> {
        self.count_items(prefix)
    }

    fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        self.count_children(prefix)
    }
}
