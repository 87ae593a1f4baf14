//! The tables, and how older databases get them.

use super::error::{not_a_registry, typed};
use crate::error::{Error, ErrorKind, Result};
use rusqlite::{Connection, TransactionBehavior};

/// "semi": what `file` and other programs can tell a registry by.
pub(super) const APPLICATION_ID: i32 = 0x7365_6D69;

/// Statement `i` leads from version `i` to `i + 1`. Published ones never change; a new version is one more entry.
pub(super) const MIGRATIONS: [&str; 2] = [
    "
    CREATE TABLE ids (
        codes BLOB NOT NULL,      -- two bytes per level, big endian
        suffix INTEGER NOT NULL,
        item TEXT,                -- NULL: retired
        encoded BLOB,             -- what the encoder gave, where that is not `codes`
        PRIMARY KEY (codes, suffix)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX items ON ids (item) WHERE item IS NOT NULL;
    CREATE INDEX moved ON ids (item) WHERE encoded IS NOT NULL;
    CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
    CREATE TABLE model (id INTEGER PRIMARY KEY CHECK (id = 0), bytes BLOB NOT NULL) STRICT;
",
    "
    ALTER TABLE ids ADD COLUMN former TEXT; -- the item that a retired ID was taken from
    CREATE INDEX retired ON ids (former, codes, suffix) WHERE former IS NOT NULL;
",
];

/// The newest version, which is the one written.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The version of the tables; 0 for a database without any.
///
/// # Errors
/// A database of another program, of a newer version, or without its tables.
pub(super) fn version(connection: &Connection) -> Result<u32> {
    // All three of one moment: another process may be making the tables now.
    let snapshot = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose();
    let _snapshot = snapshot.map_err(typed)?;
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(typed);
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM sqlite_schema")?;
    if (application, version, tables) == (0, 0, 0) {
        return Ok(0);
    }
    if application != i64::from(APPLICATION_ID) {
        return Err(not_a_registry("it is the database of another program"));
    }
    match u32::try_from(version) {
        Ok(found) if found > VERSION => {
            Err(ErrorKind::NewerRegistry { found: found.to_string(), supported: VERSION }.into())
        }
        Ok(found) if found > 0 => Ok(found),
        _ => Err(Error::damaged_registry(format!("its tables have version {version}"))),
    }
}

/// Brings the tables to the newest version, all or nothing.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    if version(connection)? == VERSION {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(typed)?;
    // Another process may have done it before the lock was had.
    let from = version(&transaction)?;
    for statement in MIGRATIONS.iter().skip(from as usize) {
        transaction.execute_batch(statement).map_err(typed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(typed)?;
    transaction.pragma_update(None, "user_version", VERSION).map_err(typed)?;
    transaction.commit().map_err(typed)
}
