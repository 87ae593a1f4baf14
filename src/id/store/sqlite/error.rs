//! Converts SQLite's errors to errors of this crate.

use crate::error::{Error, ErrorKind};
use rusqlite::ErrorCode;
use std::io;

/// Returns the kind of error that tells a user what to do.
pub(super) fn typed(error: rusqlite::Error) -> Error {
    use rusqlite::Error as Sqlite;
    match &error {
        Sqlite::SqliteFailure(failure, _) => by_code(failure.code, &error),
        Sqlite::FromSqlConversionFailure(..)
        | Sqlite::IntegralValueOutOfRange(..)
        | Sqlite::InvalidColumnType(..)
        | Sqlite::Utf8Error(..)
        | Sqlite::QueryReturnedNoRows => Error::damaged_registry(error.to_string()),
        _ => ErrorKind::Store { reason: error.to_string() }.into(),
    }
}

fn by_code(code: ErrorCode, error: &rusqlite::Error) -> Error {
    match code {
        ErrorCode::OperationInterrupted => ErrorKind::Cancelled.into(),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => ErrorKind::Locked.into(),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => ErrorKind::ReadOnly { owner: None }.into(),
        ErrorCode::DiskFull => ErrorKind::Full.into(),
        ErrorCode::DatabaseCorrupt => Error::damaged_registry(error.to_string()),
        ErrorCode::TooBig => Error::damaged_registry("it has a value that is longer than any of a registry"),
        ErrorCode::NotADatabase => not_a_registry("it is no SQLite database"),
        ErrorCode::CannotOpen => Error::io("opening", io::Error::other(error.to_string())),
        ErrorCode::SystemIoFailure => Error::io("reading or writing", io::Error::other(error.to_string())),
        _ => ErrorKind::Store { reason: error.to_string() }.into(),
    }
}

pub(super) fn not_a_registry(reason: &str) -> Error {
    Error::format("registry", format!("{reason}; give a file that semid made, or a new name"))
}
