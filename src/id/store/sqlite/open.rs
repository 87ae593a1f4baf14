//! Opening a database: for writing, or a file that may not be written to.

use super::error::typed;
use super::place;
use super::schema;
use crate::error::{Error, ErrorKind, Result};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// 64 MiB of pages, in KiB: look-ups go all over the file.
const CACHE: i64 = -65_536;

/// A connection that can write, to a file that is made where it is missing.
pub(super) fn to_write(path: &Path, timeout: Duration) -> Result<Connection> {
    writing(path, timeout).map_err(|error| match error.kind() {
        ErrorKind::Io { .. } => place::explain(error, path),
        _ => error,
    })
}

fn writing(path: &Path, timeout: Duration) -> Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = connect(path, flags, timeout)?;
    schema::version(&connection)?; // before anything is changed in a file of somebody else
    if connection.is_readonly("main").map_err(typed)? {
        return Err(ErrorKind::ReadOnly.into());
    }
    write_ahead_log(&connection, timeout)?;
    connection.pragma_update(None, "synchronous", "FULL").map_err(typed)?;
    schema::migrate(&mut connection)?;
    sane(&connection)?;
    Ok(connection)
}

/// A connection that only reads, also where the file or its folder cannot be written to, and the version of its tables.
pub(super) fn to_read(path: &Path, timeout: Duration) -> Result<(Connection, u32)> {
    std::fs::metadata(path).map_err(|error| Error::io("opening", error))?;
    // Where it may write, SQLite removes the files it needs beside the database when it is done.
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let opened = connect(path, flags, timeout).and_then(|connection| Ok((schema::version(&connection)?, connection)));
    let (version, connection) = match opened {
        // The shared memory of the write-ahead log cannot be had, so there can be no writer either.
        Err(error) if matches!(error.kind(), ErrorKind::Io { .. } | ErrorKind::ReadOnly) && !has_log(path) => {
            let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
            let connection = connect(&immutable(path), flags, timeout)?;
            (schema::version(&connection)?, connection)
        }
        opened => opened?,
    };
    connection.pragma_update(None, "query_only", true).map_err(typed)?;
    if version == 0 {
        return Err(ErrorKind::NoRegistry.into());
    }
    sane(&connection)?;
    Ok((connection, version))
}

fn connect(path: &Path, flags: OpenFlags, timeout: Duration) -> Result<Connection> {
    let connection = Connection::open_with_flags(path, flags).map_err(|error| match std::fs::metadata(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Error::io("opening", error),
        _ => typed(error),
    })?;
    connection.busy_timeout(timeout).map_err(typed)?;
    connection.pragma_update(None, "cache_size", CACHE).map_err(typed)?;
    connection.set_prepared_statement_cache_capacity(32);
    // Otherwise statements are planned anew for every value bound to them.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true).map_err(typed)?;
    Ok(connection)
}

/// Switches to the write-ahead log; SQLite does not wait for other processes here.
fn write_ahead_log(connection: &Connection, timeout: Duration) -> Result<()> {
    let start = Instant::now();
    loop {
        let mode = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| row.get::<_, String>(0));
        match mode.map_err(typed) {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(mode) => {
                let reason = format!("no write-ahead log ({mode}) on this file system; use a local one");
                return Err(ErrorKind::Store { reason }.into());
            }
            Err(error) if matches!(error.kind(), ErrorKind::Locked) && start.elapsed() < timeout => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error),
        }
    }
}

/// Touches every table, so that a damaged file is noticed before work begins.
fn sane(connection: &Connection) -> Result<()> {
    for sql in [
        "SELECT count(*) FROM (SELECT codes, suffix, item, encoded FROM ids LIMIT 1)",
        "SELECT count(*) FROM (SELECT key, value FROM manifest)",
        "SELECT count(*) FROM (SELECT id, length(bytes) FROM model)",
    ] {
        connection.query_row(sql, [], |row| row.get::<_, i64>(0)).map_err(|error| match typed(error).into_kind() {
            ErrorKind::Store { reason } => Error::damaged_registry(reason),
            kind => kind.into(),
        })?;
    }
    Ok(())
}

/// Whether there are changes beside the file that are not in it yet.
pub(super) fn has_log(path: &Path) -> bool {
    std::fs::metadata(beside(path, "-wal")).is_ok_and(|log| log.len() > 0)
}

/// The name of a file that SQLite keeps beside a database.
fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// The URI that tells SQLite that nobody can change the file.
fn immutable(path: &Path) -> PathBuf {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"/-_.".contains(byte);
    let escape = |byte: &u8| if plain(byte) { char::from(*byte).to_string() } else { format!("%{byte:02X}") };
    let name: String = path.as_os_str().as_encoded_bytes().iter().map(escape).collect();
    format!("file:{name}?immutable=1").into()
}
