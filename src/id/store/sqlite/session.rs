//! A connection, and facts about its database.

use super::error::typed;
use super::place;
use super::stamp::Stamp;
use crate::error::{Error, ErrorKind, Result};
use rusqlite::{Connection, OptionalExtension, Params, Row};
use std::path::Path;

/// A connection that one thread uses at a time.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) connection: Connection,
    /// Whether the tables have a column for whose a retired ID was. Version 1 has none, and reading does not migrate
    /// it.
    pub(super) has_former: bool,
    /// The stamp of a file that was opened without locks, at its opening.
    stamp: Option<Stamp>,
}

impl Session {
    /// Makes a session of checked tables, and reads from each of them so that a damaged file is noticed before work
    /// begins.
    pub(super) fn new(connection: Connection, version: u32, stamp: Option<Stamp>) -> Result<Self> {
        let session = Self { connection, has_former: version > 1, stamp };
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

    pub(super) fn is_autocommit(&self) -> bool {
        self.connection.is_autocommit()
    }

    pub(super) fn batch(&self, sql: &str) -> Result<()> {
        self.connection.execute_batch(sql).map_err(typed)
    }

    pub(super) fn change(&self, sql: &str, params: impl Params) -> Result<usize> {
        self.connection.prepare_cached(sql).and_then(|mut statement| statement.execute(params)).map_err(typed)
    }

    /// Returns the first row; none if there is no row.
    pub(super) fn row<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(typed)?;
        statement.query_row(params, read).optional().map_err(typed)
    }

    pub(super) fn rows<T>(
        &self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.connection.prepare_cached(sql).map_err(typed)?;
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

    /// Writes a copy to the empty or missing file `path`.
    pub(super) fn copy_to(&self, path: &Path) -> Result<()> {
        let plain = place::plain(path);
        let name = plain.to_str().ok_or_else(|| Error::parameter("path", path.display(), "UTF-8"))?;
        // SQLite refuses this statement while `query_only` is on, though it changes nothing in this database.
        self.connection.pragma_update(None, "query_only", false).map_err(typed)?;
        let copied = self.connection.execute("VACUUM INTO ?1", [name]).map_err(|error| typed(error).at(path));
        self.connection.pragma_update(None, "query_only", true).map_err(typed)?;
        copied.map(|_| ())
    }
}
