//! Opens a database for writing, or a file that may not be written to for reading.

use super::error::typed;
use super::place::{self, has_log, plain, uri};
use super::schema;
use super::session::{LONGEST, Session};
use super::stamp::Stamp;
use super::{SqliteOptions, SqliteStore};
use crate::error::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

impl SqliteOptions {
    /// Opens a database with these options, as [`SqliteStore::open`] does.
    ///
    /// # Errors
    /// As for [`SqliteStore::open`], and [`ErrorKind::Cancelled`].
    pub fn open(&self, path: impl AsRef<Path>) -> Result<SqliteStore> {
        let path = path.as_ref();
        SqliteStore::of(path, self, to_write(path, self))
    }

    /// Opens a database with these options, as [`SqliteStore::open_read_only`] does.
    ///
    /// # Errors
    /// As for [`SqliteStore::open_read_only`], and [`ErrorKind::Cancelled`].
    pub fn open_read_only(&self, path: impl AsRef<Path>) -> Result<SqliteStore> {
        let path = path.as_ref();
        SqliteStore::of(path, self, to_read(path, self))
    }
}

/// 64 MiB of pages, in KiB, as look-ups touch pages all over the file.
const CACHE: i64 = -65_536;

/// Steps of SQLite's virtual machine between two checks whether to stop; they take far less than a millisecond.
const STEPS: i32 = 4096;

/// Opens a session that can write, and makes the file if it is missing.
pub(super) fn to_write(path: &Path, options: &SqliteOptions) -> Result<Session> {
    place::check(path)?;
    writing(path, options).map_err(|error| match error.kind() {
        ErrorKind::Io { .. } | ErrorKind::ReadOnly { .. } => place::explain(error, path),
        _ => error,
    })
}

fn writing(path: &Path, options: &SqliteOptions) -> Result<Session> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // This comes before any read: a read makes files for the log beside the database, and they would stay.
    if connection.is_readonly("main").map_err(typed)? {
        return Err(ErrorKind::ReadOnly { owner: None }.into());
    }
    prepare(&mut connection, options)?;
    schema::check(&connection)?; // before anything is changed in a file of somebody else
    write_ahead_log(&connection, options)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(typed)?;
    schema::migrate(&mut connection)?;
    Session::new(connection, schema::WITHOUT_NAMESPACES, None)
}

/// Opens a session that only reads; it needs no permission to write to the file or its folder.
pub(super) fn to_read(path: &Path, options: &SqliteOptions) -> Result<Session> {
    reading(path, options, false)
}

/// Opens a session that reads everything as of one moment.
pub(super) fn snapshot(path: &Path, options: &SqliteOptions) -> Result<Session> {
    reading(path, options, true)
}

fn reading(path: &Path, options: &SqliteOptions, snapshot: bool) -> Result<Session> {
    std::fs::metadata(path).map_err(|error| Error::io("opening", error))?;
    place::check(path)?;
    // With permission to write, SQLite removes the files that it makes beside the database when it is done.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if connection.is_readonly("main").map_err(typed)? {
        drop(connection);
        return without_permission(path, options, snapshot);
    }
    match begin_reading(connection, options, snapshot, None) {
        // SQLite cannot make the shared memory of the write-ahead log here, so there can be no writer either.
        Err(error) if matches!(error.kind(), ErrorKind::Io { .. } | ErrorKind::ReadOnly { .. }) && !has_log(path) => {
            without_log(path, options, snapshot)
        }
        begun => begun,
    }
}

/// Opens a file that may not be written to, without making files beside it: SQLite would make them and could not remove
/// them.
///
/// Between the check for a log and the opening, another process may end and remove its log. Then both ways of opening
/// either fail or notice the change.
pub(super) fn without_permission(path: &Path, options: &SqliteOptions, snapshot: bool) -> Result<Session> {
    if !has_log(path) {
        return without_log(path, options, snapshot);
    }
    let connection = connect_uri(&uri(path, "mode=ro&readonly_shm=1"), path)?;
    begin_reading(connection, options, snapshot, None)
}

/// Opens the file alone, without locks; its stamp shows later whether it has changed.
fn without_log(path: &Path, options: &SqliteOptions, snapshot: bool) -> Result<Session> {
    let stamp = Stamp::settled(path);
    let connection = connect_uri(&uri(path, "immutable=1"), path)?;
    begin_reading(connection, options, snapshot, stamp)
}

fn begin_reading(
    mut connection: Connection,
    options: &SqliteOptions,
    snapshot: bool,
    stamp: Option<Stamp>,
) -> Result<Session> {
    prepare(&mut connection, options)?;
    if snapshot {
        // SQLite fixes the moment of the transaction at its first read, that of the schema.
        connection.execute_batch("BEGIN").map_err(typed)?;
    }
    let version = schema::check(&connection)?;
    connection.pragma_update(None, "query_only", true).map_err(typed)?;
    if version == 0 {
        return Err(ErrorKind::NoRegistry.into());
    }
    Session::new(connection, version, stamp)
}

fn connect(path: &Path, flags: OpenFlags) -> Result<Connection> {
    let connection = Connection::open_with_flags(plain(path), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX);
    connection.map_err(|error| unopened(error, path))
}

fn connect_uri(uri: &Path, path: &Path) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(uri, flags).map_err(|error| unopened(error, path))
}

fn unopened(error: rusqlite::Error, path: &Path) -> Error {
    match std::fs::metadata(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Error::io("opening", error),
        _ => typed(error),
    }
}

/// Sets up a connection so that it trusts no file and can be stopped.
fn prepare(connection: &mut Connection, options: &SqliteOptions) -> Result<()> {
    if options.stopped() {
        return Err(ErrorKind::Cancelled.into());
    }
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // Without this, SQLite plans a statement anew for every value bound to it.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    ] {
        connection.set_db_config(config, on).map_err(typed)?;
    }
    let watch = options.clone();
    connection.progress_handler(STEPS, Some(move || watch.stopped())).map_err(typed)?;
    let (watch, mut start) = (options.clone(), Instant::now());
    let wait = move |count| {
        if count == 0 {
            start = Instant::now();
        }
        let go_on = start.elapsed() < watch.busy_timeout && !watch.stopped();
        if go_on {
            std::thread::sleep(Duration::from_millis(if count < 10 { 1 } else { 10 }));
        }
        go_on
    };
    connection.busy_handler(Some(wait)).map_err(typed)?;
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST).map_err(typed)?;
    connection.pragma_update(None, "cell_size_check", true).map_err(typed)?;
    connection.pragma_update(None, "cache_size", CACHE).map_err(typed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Switches to the write-ahead log; waits for other processes itself, as SQLite does not wait here.
fn write_ahead_log(connection: &Connection, options: &SqliteOptions) -> Result<()> {
    let start = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(typed) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!("this file system supports no write-ahead log (mode {mode}); use a local one");
                return Err(ErrorKind::Store { reason }.into());
            }
            Err(error)
                if matches!(error.kind(), ErrorKind::Locked)
                    && start.elapsed() < options.busy_timeout
                    && !options.stopped() =>
            {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}
