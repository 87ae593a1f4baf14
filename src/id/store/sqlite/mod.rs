//! A store in an SQLite database.

mod codec;
mod error;
mod open;
mod options;
mod place;
mod schema;
mod session;
mod stamp;
mod statements;
#[cfg(test)]
mod tests;

pub use options::SqliteOptions;

use super::{Entry, Holder, Manifest, Record, Store, UsedCodes};
use crate::error::{Error, ErrorKind, Result};
use crate::id::semantic_id::SemanticId;
use session::Session;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How often a reader begins again when the file changes under it.
const ATTEMPTS: usize = 20;

/// Keeps registered IDs in one SQLite database, which several processes may use at once.
///
/// A database has a write-ahead log and `synchronous = FULL`: committed changes survive a crash of the process, and a
/// crash of the machine if its disk writes what it acknowledges. Do not put a database on a network file system.
///
/// Threads that read through one store take turns, call by call; a snapshot has its own connection and waits for
/// nobody. Readers do not wait for a writer, nor a writer for readers. But as long as a snapshot lives, the write-ahead
/// log grows with everything that is written. A writer waits for other writers.
///
/// A reader without permission to write to the file leaves nothing beside it. Where no write-ahead log lies beside the
/// file, such a reader has no lock: if the file changes under its snapshot, reading from it fails with
/// [`ErrorKind::Store`]; take another snapshot then.
///
/// A database has up to 1,000 namespaces. From the first one with a name on, versions of this crate that know no
/// namespaces refuse it.
///
/// A store refuses a database whose schema is not exactly the one that this crate makes, as foreign triggers, views and
/// tables could change what statements do.
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
    /// Snapshots of a snapshot share its session.
    session: Arc<Mutex<Session>>,
    path: PathBuf,
    options: SqliteOptions,
    namespace: String,
    is_snapshot: bool,
}

impl SqliteStore {
    /// Opens a database for reading and writing, and makes it if it is missing. The path is never read as a URI.
    ///
    /// # Errors
    /// With the path: [`ErrorKind::ReadOnly`], [`ErrorKind::ForeignLog`], [`ErrorKind::Locked`] after 30 seconds,
    /// [`ErrorKind::Full`], [`ErrorKind::Format`] for another kind of file, [`ErrorKind::DamagedRegistry`],
    /// [`ErrorKind::NewerRegistry`], [`ErrorKind::Io`].
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new().open(path)
    }

    /// Opens as [`SqliteStore::open`], but this and later calls wait for other processes no longer than `busy_timeout`.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`].
    pub fn open_with(path: impl AsRef<Path>, busy_timeout: Duration) -> Result<Self> {
        SqliteOptions::new().busy_timeout(busy_timeout).open(path)
    }

    /// Opens an existing database for reading; needs no permission to write to it.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`], and [`ErrorKind::NoRegistry`] for an empty database.
    pub fn open_read_only(path: impl AsRef<Path>) -> Result<Self> {
        SqliteOptions::new().open_read_only(path)
    }

    fn of(path: &Path, options: &SqliteOptions, session: Result<Session>) -> Result<Self> {
        let (path, options) = (path.to_owned(), options.clone());
        match session {
            Ok(session) => {
                let (session, namespace) = (Arc::new(Mutex::new(session)), String::new());
                Ok(Self { session, path, options, namespace, is_snapshot: false })
            }
            Err(error) => Err(options.explain(error).at(path)),
        }
    }

    /// Returns the path of the database.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads the whole database and checks its pages, its order, and that every ID has one item and every item one ID.
    ///
    /// # Errors
    /// [`ErrorKind::DamagedRegistry`], which names the first fault found.
    pub fn check(&self) -> Result<()> {
        self.read(|session| {
            let check = || session.row("PRAGMA integrity_check(1)", [], |row| row.get::<_, String>(0));
            let said = session.with_model(check)?;
            match said.as_deref() {
                Some("ok") => Ok(()),
                said => Err(Error::damaged_registry(said.unwrap_or("it cannot be checked"))),
            }
        })
    }

    /// Writes a copy, as of one moment, to the empty or missing file `path`.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<()> {
        // The copy is one statement, so it is of one moment; its own connection keeps it outside any transaction.
        let other = self.options.open_read_only(&self.path)?;
        other.read(|session| session.copy_to(path))
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        // A thread that panicked during a call leaves a connection that still works.
        let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
        session.turn_to(&self.namespace);
        session
    }

    /// Adds the path of the database to an error, and the cause where it is known.
    fn at(&self, error: Error) -> Error {
        let error = match error.kind() {
            ErrorKind::ReadOnly { .. } => place::why_read_only(&self.path).into(),
            _ => self.options.explain(error),
        };
        error.at(&self.path)
    }

    /// Returns the result of `read`; repeats it where a file that is read without locks was changed meanwhile.
    fn read<T>(&self, read: impl Fn(&Session) -> Result<T>) -> Result<T> {
        let mut session = self.session();
        for _ in 0..ATTEMPTS {
            if session.is_stale(&self.path) {
                if self.is_snapshot {
                    return Err(self.at(stamp::changed()));
                }
                *session = open::to_read(&self.path, &self.options).map_err(|error| self.at(error))?;
                session.turn_to(&self.namespace);
            }
            let found = read(&session);
            if !session.is_stale(&self.path) {
                return found.map_err(|error| self.at(error));
            }
        }
        Err(self.at(stamp::changed()))
    }

    fn write<T>(&self, write: impl FnOnce(&Session) -> Result<T>) -> Result<T> {
        write(&self.session()).map_err(|error| self.at(error))
    }
}

/// Returns whether a write-ahead log lies beside `path`; a database is incomplete without its log.
pub(crate) fn has_log(path: &Path) -> bool {
    place::has_log(path)
}

impl Store for SqliteStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        self.read(|session| {
            let map = session.manifest()?;
            (!map.is_empty()).then(|| Manifest::from_map(&map)).transpose()
        })
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        let model = |session: &Session| session.row("SELECT bytes FROM model", [], |row| row.get(0));
        self.read(|session| session.with_model(|| model(session)))
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        if !self.is_snapshot {
            self.rollback()?;
        }
        name.clone_into(&mut self.namespace);
        Ok(())
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        self.read(Session::namespaces)
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        let (path, options, namespace) = (self.path.clone(), self.options.clone(), self.namespace.clone());
        if self.is_snapshot {
            return Ok(Box::new(Self { session: self.session.clone(), path, options, namespace, is_snapshot: true }));
        }
        let session = open::snapshot(&path, &options);
        Ok(Box::new(Self { is_snapshot: true, namespace, ..Self::of(&path, &options, session)? }))
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.write(|session| session.with_model(|| session.set_manifest(&manifest.to_map(), model)))
    }

    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        let own = self.namespace.clone();
        // Every call turns the session to the namespace of the store, within the same transaction.
        let mut set = |(name, manifest): &(String, Manifest)| {
            name.clone_into(&mut self.namespace);
            self.write(|session| session.with_model(|| session.set_manifest(&manifest.to_map(), model)))
        };
        let result = manifests.iter().try_for_each(&mut set);
        self.namespace = own;
        result
    }

    fn begin(&mut self) -> Result<()> {
        if self.is_snapshot {
            return Err(Error::from(ErrorKind::ReadOnly { owner: None }).at(&self.path));
        }
        self.rollback()?;
        self.write(|session| session.batch("BEGIN IMMEDIATE"))
    }

    fn commit(&mut self) -> Result<()> {
        self.write(|session| session.batch("COMMIT"))
    }

    fn rollback(&mut self) -> Result<()> {
        // After some failures, such as a full disk, SQLite has already rolled back.
        self.write(|session| {
            session.forget();
            if session.is_autocommit() { Ok(()) } else { session.batch("ROLLBACK") }
        })
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        self.read(|session| session.at_once(items, |item| session.entry(item)))
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        self.read(|session| session.at_once(ids, |id| session.holder(id)))
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.write(|session| session.insert(records))
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        self.write(|session| items.iter().map(|item| session.retire(item)).collect())
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        self.read(|session| session.scan(prefix, after, limit))
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        self.read(|session| session.at_once(codes, |codes| session.used(codes)))
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        self.read(|session| session.at_once(pairs, |(codes, item)| session.retired(codes, item)))
    }

    fn used_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        self.read(|session| session.at_once(prefixes, |prefix| session.used_below(prefix)))
    }

    fn count(&self, prefix: &[u32]) -> Result<u64> {
        self.read(|session| session.count(prefix))
    }

    fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        self.read(|session| session.children(prefix))
    }
}
