//! Opening a database: for writing, or a file that may not be written to.

use super::SqliteOptions;
use super::error::typed;
use super::place::{self, has_log, plain, uri};
use super::schema;
use super::session::Session;
use super::stamp::Stamp;
use crate::error::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

/// 64 MiB of pages, in KiB: look-ups go all over the file.
const CACHE: i64 = -65_536;

/// Steps of SQLite's virtual machine between two looks at whether to stop: far below a millisecond.
const STEPS: i32 = 4096;

/// A session that can write, to a file that is made where it is missing.
pub(super) fn to_write(path: &Path, options: &SqliteOptions) -> Result<Session> {
    place::check(path)?;
    writing(path, options).map_err(|error| match error.kind() {
        ErrorKind::Io { .. } | ErrorKind::ReadOnly => place::explain(error, path),
        _ => error,
    })
}

fn writing(path: &Path, options: &SqliteOptions) -> Result<Session> {
    let mut connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
    // Before anything is read: SQLite makes files for its log beside the database, which would stay.
    if connection.is_readonly("main").map_err(typed)? {
        return Err(ErrorKind::ReadOnly.into());
    }
    prepare(&mut connection, options)?;
    schema::check(&connection)?; // before anything is changed in a file of somebody else
    write_ahead_log(&connection, options)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(typed)?;
    schema::migrate(&mut connection)?;
    Session::new(connection, schema::VERSION, None)
}

/// A session that only reads, also where the file or its folder cannot be written to.
pub(super) fn to_read(path: &Path, options: &SqliteOptions) -> Result<Session> {
    reading(path, options, false)
}

/// A session that reads from one moment on.
pub(super) fn snapshot(path: &Path, options: &SqliteOptions) -> Result<Session> {
    reading(path, options, true)
}

fn reading(path: &Path, options: &SqliteOptions, snapshot: bool) -> Result<Session> {
    std::fs::metadata(path).map_err(|error| Error::io("opening", error))?;
    place::check(path)?;
    // Where it may write, SQLite removes the files it needs beside the database when it is done.
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    if connection.is_readonly("main").map_err(typed)? {
        drop(connection);
        return without_permission(path, options, snapshot);
    }
    match begin_reading(connection, options, snapshot, None) {
        // The shared memory of the write-ahead log cannot be had, so there can be no writer either.
        Err(error) if matches!(error.kind(), ErrorKind::Io { .. } | ErrorKind::ReadOnly) && !has_log(path) => {
            without_log(path, options, snapshot)
        }
        begun => begun,
    }
}

/// Reads a file that may not be written to, and makes no file beside it: SQLite would, and could not remove it.
///
/// Between the look at the log and the opening another process may end and remove the log. Both ways fail then, or
/// notice.
pub(super) fn without_permission(path: &Path, options: &SqliteOptions, snapshot: bool) -> Result<Session> {
    if !has_log(path) {
        return without_log(path, options, snapshot);
    }
    let connection = connect_uri(&uri(path, "mode=ro&readonly_shm=1"), path)?;
    begin_reading(connection, options, snapshot, None)
}

/// Reads the file alone, without locks, and looks whether it changes.
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
        // The first look, at the schema, is the moment.
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

/// Makes a connection one that trusts no file and can be stopped.
fn prepare(connection: &mut Connection, options: &SqliteOptions) -> Result<()> {
    if options.stopped() {
        return Err(ErrorKind::Cancelled.into());
    }
    for (config, on) in [
        (DbConfig::SQLITE_DBCONFIG_ENABLE_TRIGGER, false),
        (DbConfig::SQLITE_DBCONFIG_ENABLE_VIEW, false),
        (DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // Otherwise statements are planned anew for every value bound to them.
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
    connection.pragma_update(None, "cell_size_check", true).map_err(typed)?;
    connection.pragma_update(None, "cache_size", CACHE).map_err(typed)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Switches to the write-ahead log; SQLite does not wait for other processes here.
fn write_ahead_log(connection: &Connection, options: &SqliteOptions) -> Result<()> {
    let start = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(typed) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!("no write-ahead log ({mode}) on this file system; use a local one");
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
