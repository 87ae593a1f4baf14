//! A connection to a registry, and whether the registry has its tables by now.

use crate::connection::Connection;
use crate::options::PostgresOptions;
use crate::schema;
use semid::{ErrorKind, Result};
use std::mem::take;
use std::time::{Duration, Instant};

/// How long a writer waits for others before it asks whether to stop.
const PATIENCE: Duration = Duration::from_millis(250);

/// What keeps other writers out, and lets readers in.
const LOCK: &str = "LOCK TABLE @manifest IN SHARE ROW EXCLUSIVE MODE";

/// A connection whose first writer makes the tables.
#[derive(Debug)]
pub(crate) struct Session {
    pub(crate) connection: Connection,
    /// Whether the tables were there when somebody last looked.
    has_tables: bool,
    /// Whether the transaction that is open made the tables.
    made: bool,
}

impl Session {
    /// Connects.
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self> {
        Ok(Self { connection: Connection::open(options)?, has_tables: false, made: false })
    }

    /// Connects to read everything as of this moment.
    pub(crate) fn snapshot(options: &PostgresOptions) -> Result<Self> {
        let mut session = Self::open(options)?;
        session.connection.begin_snapshot()?;
        session.has_tables = schema::check(&mut session.connection)?;
        Ok(session)
    }

    /// Returns whether the registry has its tables by now.
    pub(crate) fn has_tables(&mut self) -> Result<bool> {
        self.has_tables &= !self.connection.missed_table();
        if !self.has_tables && !self.connection.is_snapshot() {
            self.has_tables = self.connection.again(schema::check)?;
        }
        Ok(self.has_tables)
    }

    /// Begins to write, and keeps other writers out.
    pub(crate) fn begin(&mut self) -> Result<()> {
        if self.connection.is_snapshot() {
            return Err(ErrorKind::ReadOnly { owner: None }.into());
        }
        self.rollback()?;
        let start = Instant::now();
        loop {
            let left = self.connection.options.busy_timeout.saturating_sub(start.elapsed());
            let mut begun = self.try_begin(left.min(PATIENCE));
            if begun.is_err() && self.connection.is_lost() {
                begun = self.try_begin(left.min(PATIENCE));
            }
            match begun {
                Err(_) if self.connection.options.stopped() => return Err(ErrorKind::Cancelled.into()),
                Err(error) if matches!(error.kind(), ErrorKind::Locked) && !left.is_zero() => {}
                begun => return begun,
            }
        }
    }

    fn try_begin(&mut self, wait: Duration) -> Result<()> {
        self.connection.client()?; // connects again where that is needed, as nothing is begun yet
        let has_tables = self.has_tables()?;
        self.made = !has_tables;
        let connection = &mut self.connection;
        let begun = match has_tables {
            true => connection.begin(wait, LOCK),
            false => {
                connection.begin(wait, "").and_then(|()| schema::make(connection)).and_then(|()| connection.batch(LOCK))
            }
        };
        match begun {
            Ok(()) => self.has_tables = true,
            Err(_) => self.rollback()?,
        }
        begun
    }

    /// Makes all changes since `begin` durable.
    pub(crate) fn commit(&mut self) -> Result<()> {
        let was_writing = self.connection.is_writing();
        let done = self.connection.commit();
        self.made = false;
        // Where it failed, nobody knows whether the server has done it.
        self.has_tables &= done.is_ok() || !was_writing;
        done
    }

    /// Undoes all changes since `begin`, if there was one.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        self.has_tables &= !take(&mut self.made);
        self.connection.rollback()
    }
}
