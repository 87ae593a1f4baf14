//! A connection, and facts about its database.

use super::error::typed;
use super::place;
use super::schema;
use super::stamp::Stamp;
use crate::error::{Error, ErrorKind, Result};
use rusqlite::limits::Limit;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Params, Row};
use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

/// The most bytes of a record, and of a value other than a model. A longer value fails before it is read, so that a
/// damaged database costs no memory. Registries refuse longer item keys, and codes have at most 512 bytes.
pub(super) const LONGEST: i32 = 16 << 20;

/// A connection that one thread uses at a time.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    /// Whether the tables without a name have a column for whose a retired ID was. Version 1 has none, and reading does
    /// not migrate it.
    has_former: bool,
    /// The namespace that the calls are about, and what follows the names of its tables, once that is known.
    namespace: String,
    ending: RefCell<Option<String>>,
    /// The stamp of a file that was opened without locks, at its opening.
    stamp: Option<Stamp>,
}

impl Session {
    /// Makes a session of checked tables, and reads from each of them so that a damaged file is noticed before work
    /// begins.
    pub(super) fn new(connection: Connection, version: u32, stamp: Option<Stamp>) -> Result<Self> {
        let (namespace, ending) = (String::new(), RefCell::new(Some(String::new())));
        let session = Self { connection, has_former: version > 1, namespace, ending, stamp };
        for sql in [
            "SELECT count(*) FROM (SELECT codes, suffix, item, encoded FROM ids LIMIT 1)",
            "SELECT count(*) FROM (SELECT key, value FROM manifest LIMIT 1)",
            "SELECT count(*) FROM (SELECT id, length(bytes) FROM model LIMIT 1)",
        ] {
            let touched = session.row(sql, [], |row| row.get::<_, i64>(0));
            touched.map_err(|error| match error.into_kind() {
                ErrorKind::Store { reason } => Error::damaged_registry(reason),
                kind => kind.into(),
            })?;
        }
        Ok(session)
    }

    /// Returns whether a file opened without locks has changed since.
    pub(super) fn is_stale(&self, path: &Path) -> bool {
        self.stamp.is_some() && self.stamp != Stamp::of(path)
    }

    /// Makes the following calls be about a namespace, which may be missing.
    pub(super) fn turn_to(&mut self, namespace: &str) {
        if self.namespace != namespace {
            namespace.clone_into(&mut self.namespace);
            self.forget();
        }
    }

    /// Forgets the number of the namespace, which a rollback may have undone.
    pub(super) fn forget(&self) {
        self.ending.replace(self.namespace.is_empty().then(String::new));
    }

    /// Returns a statement about the tables of the namespace; none where it has no tables.
    fn of_namespace<'s>(&self, sql: &'s str) -> Result<Option<Cow<'s, str>>> {
        if !sql.contains('@') {
            return Ok(Some(sql.into()));
        }
        if self.ending.borrow().is_none() {
            let number = self.numbers()?.remove(&self.namespace);
            self.ending.replace(number.map(schema::ending));
        }
        Ok(self.ending.borrow().as_ref().map(|ending| sql.replace('@', ending).into()))
    }

    /// Returns the number of every namespace with a name.
    pub(super) fn numbers(&self) -> Result<BTreeMap<String, u32>> {
        // The table is made with the first namespace.
        let sql = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'namespaces'";
        if self.row(sql, [], |row| row.get::<_, i64>(0))? != Some(1) {
            return Ok(BTreeMap::new());
        }
        let numbers = self.rows("SELECT name, number FROM namespaces", [], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(numbers.into_iter().collect())
    }

    /// Returns whether the tables say whose a retired ID was.
    pub(super) fn has_former(&self) -> bool {
        self.has_former || !self.namespace.is_empty()
    }

    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    pub(super) fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(typed)
    }

    /// Changes the tables, within a transaction; makes those of a namespace that has none yet.
    pub(super) fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.writing(sql)?.execute(params).map_err(typed)
    }

    /// Prepares a statement that changes the tables; makes those of a namespace that has none yet.
    pub(super) fn writing(&self, sql: &str) -> Result<CachedStatement<'_>> {
        let named = match self.of_namespace(sql)? {
            Some(named) => named,
            None => {
                let ending = schema::ending(schema::add_namespace(&self.connection, &self.namespace)?);
                let named = sql.replace('@', &ending);
                self.ending.replace(Some(ending));
                named.into()
            }
        };
        self.connection.prepare_cached(&named).map_err(typed)
    }

    /// Returns the first row; none if there is no row, or no such namespace.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let Some(sql) = self.of_namespace(sql)? else { return Ok(None) };
        let mut statement = self.connection.prepare_cached(&sql).map_err(typed)?;
        statement.query_row(params, read).optional().map_err(typed)
    }

    /// Returns all rows; none where there is no such namespace.
    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let Some(sql) = self.of_namespace(sql)? else { return Ok(Vec::new()) };
        let mut statement = self.connection.prepare_cached(&sql).map_err(typed)?;
        statement.query_map(params, read).and_then(Iterator::collect).map_err(typed)
    }

    /// Returns the answers to several questions, all as of one moment.
    pub(super) fn at_once<Q, A>(&self, asked: &[Q], answer: impl FnMut(&Q) -> Result<A>) -> Result<Vec<A>> {
        let alone = asked.len() > 1 && self.is_autocommit();
        let moment = alone.then(|| self.connection.unchecked_transaction()).transpose().map_err(typed)?;
        let answers = asked.iter().map(answer).collect();
        drop(moment); // ends the transaction
        answers
    }

    /// Does work that reads or writes a model, whose bytes may be more than [`LONGEST`].
    pub(super) fn with_model<T>(&self, work: impl FnOnce() -> Result<T>) -> Result<T> {
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, i32::MAX).map_err(typed)?;
        let done = work();
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).map_err(typed)?;
        done
    }

    /// Writes a copy to the empty or missing file `path`.
    pub(super) fn copy_to(&self, path: &Path) -> Result<()> {
        let plain = place::plain(path);
        let name =
            plain.to_str().ok_or_else(|| Error::parameter("path", path.display(), "must be UTF-8; rename the file"))?;
        // SQLite refuses this statement while `query_only` is on, though it changes nothing in this database.
        self.connection.pragma_update(None, "query_only", false).map_err(typed)?;
        let vacuum = || self.connection.execute("VACUUM INTO ?1", [name]).map_err(|error| typed(error).at(path));
        let copied = self.with_model(vacuum);
        self.connection.pragma_update(None, "query_only", true).map_err(typed)?;
        copied.map(|_| ())
    }
}
