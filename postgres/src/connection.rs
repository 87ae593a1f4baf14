//! A connection, and the transaction that it is in.

use crate::apart::apart;
use crate::error::{is_lost, is_missing, lost, store, typed};
use crate::options::PostgresOptions;
use postgres::types::ToSql;
use postgres::{Client, Row, Statement};
use semid::{Error, ErrorKind, Result};
use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

/// Values for the parameters of a statement.
pub(crate) type Params<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Settings of every connection. Look-ups are by index, whatever the statistics of the tables say, as these are old
/// after a first large batch; and the server plans every statement for the table as it is at that moment. A server that
/// lost its client notices within a minute, as the others wait for it.
const SETTINGS: &str = "
    SET client_min_messages = warning; SET search_path = pg_catalog, pg_temp; SET jit = off;
    SET plan_cache_mode = force_custom_plan;
    SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off;
    SET tcp_keepalives_idle = 30; SET tcp_keepalives_interval = 10; SET tcp_keepalives_count = 3;
    SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";

/// What a connection is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Every statement is a transaction of its own.
    Idle,
    /// Between `begin` and its end.
    Writing {
        /// Whether a statement has failed, so that PostgreSQL would answer `COMMIT` by undoing everything.
        failed: bool,
    },
    /// The connection is in a transaction that reads as of one moment and never ends.
    Snapshot,
}

/// A connection that one thread uses at a time.
pub(crate) struct Connection {
    pub(crate) options: PostgresOptions,
    /// None only while it is dropped.
    client: Option<Client>,
    statements: HashMap<&'static str, Statement>,
    state: State,
    /// Whether the connection broke. The client itself does not always notice.
    lost: bool,
    /// Whether a statement has failed because a table is missing, and nobody has asked yet.
    missed_table: bool,
}

impl Connection {
    /// Connects.
    pub(crate) fn open(options: &PostgresOptions) -> Result<Self> {
        if options.stopped() {
            return Err(ErrorKind::Cancelled.into());
        }
        let client = Some(apart(|| connect(options))?);
        let (options, statements, state) = (options.clone(), HashMap::new(), State::Idle);
        Ok(Self { options, client, statements, state, lost: false, missed_table: false })
    }

    /// Reads everything as of one moment from now on, which the first statement fixes.
    pub(crate) fn begin_snapshot(&mut self) -> Result<()> {
        self.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
        self.state = State::Snapshot;
        Ok(())
    }

    /// Begins to write: statements wait for locks for so long, and `first` runs in the same round trip.
    pub(crate) fn begin(&mut self, wait: Duration, first: &str) -> Result<()> {
        self.state = State::Writing { failed: false };
        self.batch(&format!("BEGIN; SET LOCAL lock_timeout = {}; {first}", wait.as_millis().max(1)))
    }

    /// Makes all changes since `begin` durable.
    pub(crate) fn commit(&mut self) -> Result<()> {
        match self.state {
            State::Writing { failed: false } => {
                let done = self.batch("COMMIT");
                self.state = State::Idle;
                done
            }
            State::Writing { .. } => {
                self.rollback()?;
                Err(store("a statement of the transaction has failed, so nothing was changed"))
            }
            State::Idle | State::Snapshot => Err(store("there is no transaction to commit")),
        }
    }

    /// Undoes all changes since `begin`, if there was one.
    pub(crate) fn rollback(&mut self) -> Result<()> {
        if !self.is_writing() {
            return Ok(());
        }
        self.state = State::Idle;
        // A server that lost its client undoes everything by itself.
        if self.is_lost() { Ok(()) } else { self.batch("ROLLBACK") }
    }

    pub(crate) fn is_writing(&self) -> bool {
        matches!(self.state, State::Writing { .. })
    }

    pub(crate) fn is_snapshot(&self) -> bool {
        self.state == State::Snapshot
    }

    /// Does `change`, or nothing where it fails.
    pub(crate) fn all_or_none<T>(&mut self, change: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        let before = self.state;
        self.batch("SAVEPOINT before")?;
        let done = change(self);
        match done {
            Ok(_) => self.batch("RELEASE before")?,
            Err(_) if self.is_lost() => {}
            Err(_) => {
                self.batch("ROLLBACK TO before; RELEASE before")?;
                self.state = before;
            }
        }
        done
    }

    /// Answers several questions as of one moment.
    pub(crate) fn at_once<T>(&mut self, questions: usize, ask: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        if questions < 2 || self.state != State::Idle {
            return self.again(ask);
        }
        self.again(|connection| {
            connection.batch("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?;
            let answers = ask(connection);
            let ended = if connection.is_lost() { Ok(()) } else { connection.batch("ROLLBACK") };
            answers.and_then(|answers| ended.map(|()| answers))
        })
    }

    /// Returns all rows of a statement, which is prepared once for each connection.
    pub(crate) fn rows(&mut self, sql: &'static str, params: Params<'_>) -> Result<Vec<Row>> {
        self.prepared(sql, |client, statement| client.query(statement, params))
    }

    /// Returns how many rows a statement has changed.
    pub(crate) fn change(&mut self, sql: &'static str, params: Params<'_>) -> Result<u64> {
        self.prepared(sql, |client, statement| client.execute(statement, params))
    }

    /// Runs statements without parameters, in one round trip.
    pub(crate) fn batch(&mut self, sql: &str) -> Result<()> {
        let sql = self.options.in_schema(sql);
        let done = self.client()?.batch_execute(&sql);
        self.noted(done)
    }

    fn prepared<T>(
        &mut self,
        sql: &'static str,
        run: impl FnOnce(&mut Client, &Statement) -> Result<T, postgres::Error>,
    ) -> Result<T> {
        let text = self.options.in_schema(sql);
        self.client()?;
        let Self { client: Some(client), statements, .. } = self else { return Err(store(lost())) };
        let statement = match statements.get(sql) {
            Some(statement) => Ok(statement.clone()),
            None => client.prepare(&text).inspect(|statement| drop(statements.insert(sql, statement.clone()))),
        };
        let done = statement.and_then(|statement| run(client, &statement));
        self.noted(done)
    }

    /// Notes what a failure means for the connection and its transaction.
    fn noted<T>(&mut self, done: Result<T, postgres::Error>) -> Result<T> {
        done.map_err(|error| {
            self.lost |= is_lost(&error);
            self.missed_table |= is_missing(&error);
            if let State::Writing { failed } = &mut self.state {
                *failed = true;
            }
            typed(&error)
        })
    }

    /// Returns whether a statement has failed since the last question because a table is missing.
    pub(crate) fn missed_table(&mut self) -> bool {
        std::mem::take(&mut self.missed_table)
    }

    /// Does `work`, and once more where there was no connection any longer and no transaction is lost with it.
    pub(crate) fn again<T>(&mut self, work: impl Fn(&mut Self) -> Result<T>) -> Result<T> {
        let idle = self.state == State::Idle;
        match work(self) {
            Err(_) if idle && self.state == State::Idle && self.is_lost() => work(self),
            done => done,
        }
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost || self.client.as_ref().is_none_or(Client::is_closed)
    }

    /// Returns the connection, or a new one where it was lost outside a transaction.
    pub(crate) fn client(&mut self) -> Result<&mut Client> {
        if self.is_lost() {
            if self.state != State::Idle {
                return Err(store(lost()));
            }
            self.statements.clear();
            self.client = Some(connect(&self.options)?);
            self.lost = false;
        }
        self.client.as_mut().ok_or_else(|| store(lost()))
    }
}

/// Returns a connection with its settings.
fn connect(options: &PostgresOptions) -> Result<Client> {
    let mut client = options.client()?;
    let encoding = client.batch_execute(SETTINGS).and_then(|()| client.query_one("SHOW server_encoding", &[]));
    let encoding = encoding.and_then(|row| row.try_get::<_, String>(0)).map_err(|error| typed(&error))?;
    match encoding.as_str() {
        "UTF8" => Ok(client),
        other => Err(encoding_error(other)),
    }
}

fn encoding_error(encoding: &str) -> Error {
    store(format!("the database has the encoding {encoding}, which lacks characters of item keys: make one with UTF8"))
}

impl Drop for Connection {
    fn drop(&mut self) {
        let client = self.client.take();
        apart(|| drop(client));
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection").field("options", &self.options).field("state", &self.state).finish_non_exhaustive()
    }
}
