//! Makes and checks the tables, and migrates older databases.
//!
//! A registry is an SQLite database with application id `0x73656D69` ("semi"), whose user version is the version of its
//! tables. Its schema has the objects of [`MIGRATIONS`] up to that version and no others, except for the statistics
//! that `ANALYZE` keeps, and for the tables of namespaces. The tables of namespace n of the table `namespaces` are
//! those of [`NAMESPACE`] with `_n` after their names. Statements name tables with an `@` in the place of this ending,
//! which is empty for the namespace without a name. A database is of version 3 from its first namespace on, so that
//! older versions of this program can go on with all others. A record of `ids` is an ID that was given once, for ever.
//! `codes` has two bytes per level, big endian, so that records and IDs have the same order; `suffix` tells IDs with
//! equal codes apart; `item` is NULL for a retired ID, and `former` is the item that had it. `manifest` has the names
//! and values of [`Manifest::to_map`](crate::Manifest::to_map); `model` has one row, the bytes of the model file.

use super::error::{not_a_registry, typed};
use crate::error::{Error, ErrorKind, Result};
use rusqlite::{Connection, TransactionBehavior};
use std::collections::BTreeMap;

/// "semi"; `file` and other programs can recognise a registry by it.
pub(super) const APPLICATION_ID: i32 = 0x7365_6D69;

/// Statement `i` leads from version `i` to `i + 1`. Published statements never change; a new version adds one.
pub(super) const MIGRATIONS: [&str; 3] = [
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
    "
    CREATE TABLE namespaces (number INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
",
];

/// The newest version.
pub(super) const VERSION: u32 = MIGRATIONS.len() as u32;

/// The version of a database without namespaces, which writers migrate older ones to.
pub(super) const WITHOUT_NAMESPACES: u32 = 2;

/// The tables of a namespace.
const NAMESPACE: &str = "
    CREATE TABLE ids@ (
        codes BLOB NOT NULL,
        suffix INTEGER NOT NULL,
        item TEXT,
        encoded BLOB,
        former TEXT,
        PRIMARY KEY (codes, suffix)
    ) STRICT, WITHOUT ROWID;
    CREATE UNIQUE INDEX items@ ON ids@ (item) WHERE item IS NOT NULL;
    CREATE INDEX moved@ ON ids@ (item) WHERE encoded IS NOT NULL;
    CREATE INDEX retired@ ON ids@ (former, codes, suffix) WHERE former IS NOT NULL;
    CREATE TABLE manifest@ (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

/// The most namespaces of a database, which bounds the objects of its schema.
const MOST_NAMESPACES: usize = 1000;

/// Returns what follows the names of the tables of a namespace.
pub(super) fn ending(number: u32) -> String {
    format!("_{number}")
}

/// Makes a namespace within a transaction, and returns its number.
pub(super) fn add_namespace(connection: &Connection, name: &str) -> Result<u32> {
    if version(connection)? == WITHOUT_NAMESPACES {
        for statement in MIGRATIONS.iter().skip(WITHOUT_NAMESPACES as usize) {
            connection.execute_batch(statement).map_err(typed)?;
        }
        connection.pragma_update(None, "user_version", VERSION).map_err(typed)?;
    }
    let made = connection.query_row("SELECT count(*) FROM namespaces", [], |row| row.get::<_, u32>(0));
    let made = made.map_err(typed)?;
    if made as usize >= MOST_NAMESPACES {
        return Err(Error::parameter(
            "namespace",
            name,
            format!("give another database: this one has {MOST_NAMESPACES} namespaces, the most that one can have"),
        ));
    }
    let number = made + 1;
    let sql = "INSERT INTO namespaces (number, name) VALUES (?1, ?2)";
    connection.execute(sql, rusqlite::params![number, name]).map_err(typed)?;
    connection.execute_batch(&NAMESPACE.replace('@', &ending(number))).map_err(typed)?;
    Ok(number)
}

/// Checks that the schema is exactly that of the version of the tables, and returns the version; 0 for an empty
/// database.
///
/// # Errors
/// Fails for a database of another program, of a newer version, or with another schema.
pub(super) fn check(connection: &Connection) -> Result<u32> {
    // All reads show one moment, as another process may be making the tables now.
    let snapshot = connection.is_autocommit().then(|| connection.unchecked_transaction()).transpose();
    let _snapshot = snapshot.map_err(typed)?;
    let version = version(connection)?;
    if version > 0 {
        let damaged = |error: Error| match error.into_kind() {
            ErrorKind::Store { reason } => Error::damaged_registry(reason),
            kind => kind.into(),
        };
        let found = objects(connection).map_err(damaged)?;
        let namespaces = match version {
            ..=WITHOUT_NAMESPACES => 0,
            _ => found.keys().filter(|(kind, name)| kind == "table" && name.starts_with("ids_")).count(),
        };
        compare(found, expected(version, namespaces)?)?;
        if version > WITHOUT_NAMESPACES {
            check_numbers(connection, namespaces)?;
        }
    }
    Ok(version)
}

fn version(connection: &Connection) -> Result<u32> {
    let number = |sql| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(typed);
    let application = number("PRAGMA application_id")?;
    let version = number("PRAGMA user_version")?;
    let tables = number("SELECT count(*) FROM (SELECT 1 FROM sqlite_schema LIMIT 1)")?;
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

/// Checks that the namespaces are numbered from 1 on, as their tables are.
fn check_numbers(connection: &Connection, namespaces: usize) -> Result<()> {
    let sql = "SELECT count(*), coalesce(min(number), 1), coalesce(max(number), 0) FROM namespaces";
    let numbers = connection.query_row(sql, [], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).map_err(typed)?;
    let expected = namespaces as i64;
    match numbers == (expected, 1_i64, expected) {
        true => Ok(()),
        false => Err(Error::damaged_registry("its namespaces are not those that it has tables for")),
    }
}

/// Tables, indexes, triggers and views by kind and name, each with its table and the statement that made it.
type Objects = BTreeMap<(String, String), (String, Option<String>)>;

fn objects(connection: &Connection) -> Result<Objects> {
    // A registry has far fewer than a hundred objects, and ten per namespace. The tables of `ANALYZE` hold data only.
    let sql = "SELECT type, name, tbl_name, sql FROM sqlite_schema \
               WHERE NOT (type = 'table' AND name IN ('sqlite_stat1', 'sqlite_stat4')) LIMIT ?1";
    let mut statement = connection.prepare(sql).map_err(typed)?;
    let rows = statement.query_map([100 + 10 * MOST_NAMESPACES as i64], |row| {
        Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, row.get(3)?)))
    });
    rows.and_then(Iterator::collect).map_err(typed)
}

/// Returns the schema of a version, with this number of namespaces, in SQLite's own words, by making it in memory.
fn expected(version: u32, namespaces: usize) -> Result<Objects> {
    let connection = Connection::open_in_memory().map_err(typed)?;
    for statement in MIGRATIONS.iter().take(version as usize) {
        connection.execute_batch(statement).map_err(typed)?;
    }
    for number in (1..).take(namespaces.min(MOST_NAMESPACES)) {
        connection.execute_batch(&NAMESPACE.replace('@', &ending(number))).map_err(typed)?;
    }
    objects(&connection)
}

fn compare(mut found: Objects, expected: Objects) -> Result<()> {
    for ((kind, name), definition) in expected {
        let reason = match found.remove(&(kind.clone(), name.clone())) {
            Some(found) if found == definition => continue,
            Some(_) => format!("the {kind} `{name}` is not defined as in a registry"),
            None => format!("it has no {kind} `{name}`"),
        };
        return Err(Error::damaged_registry(reason));
    }
    match found.into_keys().next() {
        None => Ok(()),
        Some((kind, name)) => {
            Err(Error::damaged_registry(format!("it has the {kind} `{name}`, which no registry has")))
        }
    }
}

/// Brings the tables to the version that is written, in one transaction.
pub(super) fn migrate(connection: &mut Connection) -> Result<()> {
    if check(connection)? >= WITHOUT_NAMESPACES {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(typed)?;
    // Another process may have done it before this one got the lock.
    let from = check(&transaction)?;
    for statement in MIGRATIONS.iter().take(WITHOUT_NAMESPACES as usize).skip(from as usize) {
        transaction.execute_batch(statement).map_err(typed)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(typed)?;
    transaction.pragma_update(None, "user_version", from.max(WITHOUT_NAMESPACES)).map_err(typed)?;
    transaction.commit().map_err(typed)
}
