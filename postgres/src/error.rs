//! Converts the errors of PostgreSQL to errors of semid.

use crate::codec::damaged;
use postgres::error::SqlState;
use semid::{Error, ErrorKind};

/// Returns the kind of error that tells a user what to do.
pub(crate) fn typed(error: &postgres::Error) -> Error {
    let Some(said) = error.as_db_error() else {
        // The first error alone says nothing: "error connecting to server".
        let mut reason = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            reason += &format!(": {source}");
        }
        // Where no connection was made, the cause says more.
        if is_lost(error) && !reason.starts_with("error connecting") {
            reason = lost();
        }
        return store(reason);
    };
    let message = said.message();
    let known = [
        (SqlState::LOCK_NOT_AVAILABLE, ErrorKind::Locked),
        (SqlState::T_R_DEADLOCK_DETECTED, ErrorKind::Locked),
        (SqlState::READ_ONLY_SQL_TRANSACTION, ErrorKind::ReadOnly { owner: None }),
        (SqlState::DISK_FULL, ErrorKind::Full),
    ];
    if let Some((_, kind)) = known.into_iter().find(|(state, _)| state == said.code()) {
        return kind.into();
    }
    match *said.code() {
        SqlState::UNIQUE_VIOLATION => {
            let what = said.detail().unwrap_or(message).trim_end_matches(" already exists.").to_owned();
            ErrorKind::Taken { what }.into()
        }
        SqlState::INSUFFICIENT_PRIVILEGE => {
            store(format!("{message}: have the right to it granted, or use another user or schema"))
        }
        SqlState::UNDEFINED_TABLE | SqlState::UNDEFINED_COLUMN | SqlState::DATATYPE_MISMATCH => {
            damaged(format!("its tables are not those of a registry: {message}"))
        }
        SqlState::DATA_CORRUPTED | SqlState::INDEX_CORRUPTED => damaged(message),
        SqlState::ADMIN_SHUTDOWN | SqlState::CRASH_SHUTDOWN => store(lost()),
        _ => store(message.to_owned()),
    }
}

/// Returns whether there is no connection any longer.
pub(crate) fn is_lost(error: &postgres::Error) -> bool {
    let gone = [SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN, SqlState::CANNOT_CONNECT_NOW];
    let broken = std::error::Error::source(error).is_some_and(|source| source.is::<std::io::Error>());
    error.is_closed() || broken || error.code().is_some_and(|code| gone.contains(code))
}

/// Returns whether a table is missing.
pub(crate) fn is_missing(error: &postgres::Error) -> bool {
    error.code().is_some_and(|code| [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code))
}

pub(crate) fn store(reason: impl Into<String>) -> Error {
    ErrorKind::Store { reason: format!("PostgreSQL: {}", reason.into()) }.into()
}

/// Makes the error about a server that is gone.
pub(crate) fn lost() -> String {
    "the connection to the server was lost; what was not acknowledged may be there or not, and the same call goes on"
        .to_owned()
}
