//! The store.

use crate::apart::apart;
use crate::connection::Connection;
use crate::options::PostgresOptions;
use crate::session::Session;
use semid::registry::{Entry, Holder, Manifest, Record, SemanticId, Store, UsedCodes};
use semid::{ErrorKind, Result};
use std::sync::{Arc, Mutex, PoisonError};

/// More items than this are asked about in one transaction, as several statements ask about them.
const ONE_STATEMENT: usize = 65_536;

/// Keeps registered IDs in a PostgreSQL database, which many processes on many machines may use at once.
///
/// Writers take turns: a transaction holds the lock `SHARE ROW EXCLUSIVE` on the table `manifest`, for all namespaces
/// of a schema, and a writer that does not get it within the busy timeout fails with
/// [`ErrorKind::Locked`](semid::ErrorKind::Locked). Readers wait for nobody. A committed transaction is on the disk of
/// the server when `commit` returns, whatever the server's default is; what else can be lost, such as by `fsync = off`
/// or by failing over to a replica that is behind, is the administrator's choice.
///
/// A store has one connection. It is made again when it was lost outside a transaction. Threads that read through one
/// store take turns, call by call; a snapshot has its own connection, and while it lives, PostgreSQL cannot remove what
/// it could still read. The connection must be a session: behind a pooler that hands out transactions or statements,
/// such as PgBouncer in these modes, no store works.
///
/// A look-up takes one round trip, a batch of up to 65,536 items a few.
#[derive(Debug)]
pub struct PostgresStore {
    /// Snapshots of a snapshot share its session.
    session: Arc<Mutex<Session>>,
    options: PostgresOptions,
    namespace: String,
    is_snapshot: bool,
}

impl PostgresStore {
    /// Connects to a database: `postgres://user@host:port/database`, or what [`PostgresOptions::new`] takes.
    ///
    /// It changes nothing in the database; the first transaction that writes makes the tables.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](semid::ErrorKind::Parameter) for a URL that makes no sense;
    /// [`ErrorKind::Store`](semid::ErrorKind::Store) where there is no such server, or it refuses.
    pub fn connect(url: &str) -> Result<Self> {
        PostgresOptions::new(url)?.connect()
    }

    fn with<T: Send>(&self, work: impl FnOnce(&mut Session) -> Result<T> + Send) -> Result<T> {
        // A thread that panicked during a call leaves a connection that still works.
        apart(|| work(&mut self.session.lock().unwrap_or_else(PoisonError::into_inner)))
    }

    /// Reads; a store without tables has nothing.
    fn read<T: Default + Send>(
        &self,
        questions: usize,
        read: impl Fn(&mut Connection, &str) -> Result<T> + Sync,
    ) -> Result<T> {
        self.with(|session| match session.has_tables()? {
            true => {
                let statements = questions.div_ceil(ONE_STATEMENT);
                session.connection.at_once(statements, |connection| read(connection, &self.namespace))
            }
            false => Ok(T::default()),
        })
    }

    /// Asks about many things; a store without tables answers `nothing` to each.
    fn ask<T: Clone + Send + Sync>(
        &self,
        questions: usize,
        nothing: T,
        ask: impl Fn(&mut Connection, &str) -> Result<Vec<T>> + Sync,
    ) -> Result<Vec<T>> {
        let answers = self.read(questions, |connection, namespace| ask(connection, namespace).map(Some))?;
        Ok(answers.unwrap_or_else(|| vec![nothing; questions]))
    }
}

impl PostgresOptions {
    /// Connects, as [`PostgresStore::connect`] does.
    ///
    /// # Errors
    /// As for [`PostgresStore::connect`].
    pub fn connect(&self) -> Result<PostgresStore> {
        let session = Arc::new(Mutex::new(Session::open(self)?));
        Ok(PostgresStore { session, options: self.clone(), namespace: String::new(), is_snapshot: false })
    }
}

impl Store for PostgresStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        let map = self.read(1, Connection::manifest)?;
        (!map.is_empty()).then(|| Manifest::from_map(&map)).transpose()
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        self.read(1, |connection, _| connection.model())
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        if !self.is_snapshot {
            self.rollback()?;
        }
        name.clone_into(&mut self.namespace);
        Ok(())
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        self.read(1, |connection, _| connection.namespaces())
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        let session = match self.is_snapshot {
            true => self.session.clone(),
            false => Arc::new(Mutex::new(apart(|| Session::snapshot(&self.options))?)),
        };
        let (options, namespace) = (self.options.clone(), self.namespace.clone());
        Ok(Box::new(Self { session, options, namespace, is_snapshot: true }))
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.with(|session| session.connection.set_manifest(&self.namespace, manifest, model))
    }

    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        self.with(|session| {
            let mut set =
                |(name, manifest): &(String, Manifest)| session.connection.set_manifest(name, manifest, model);
            manifests.iter().try_for_each(&mut set)
        })
    }

    fn begin(&mut self) -> Result<()> {
        if self.is_snapshot {
            return Err(ErrorKind::ReadOnly { owner: None }.into());
        }
        self.with(Session::begin)
    }

    fn commit(&mut self) -> Result<()> {
        self.with(Session::commit)
    }

    fn rollback(&mut self) -> Result<()> {
        self.with(Session::rollback)
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        self.ask(items.len(), None, |connection, namespace| connection.entries(namespace, items))
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        self.ask(ids.len(), Holder::Free, |connection, namespace| connection.holders(namespace, ids))
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.with(|session| session.connection.all_or_none(|connection| connection.insert(&self.namespace, records)))
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        self.with(|session| session.connection.retire(&self.namespace, items))
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        self.read(1, |connection, namespace| connection.scan(namespace, prefix, after, limit))
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        self.ask(codes.len(), 0, |connection, namespace| connection.used(namespace, codes))
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        self.ask(pairs.len(), Vec::new(), |connection, namespace| connection.retired(namespace, pairs))
    }

    fn used_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        self.ask(prefixes.len(), Vec::new(), |connection, namespace| connection.used_below(namespace, prefixes))
    }

    fn count(&self, prefix: &[u32]) -> Result<u64> {
        self.read(1, |connection, namespace| connection.count(namespace, prefix))
    }

    fn children(&self, prefix: &[u32]) -> Result<Vec<(u32, u64)>> {
        self.read(1, |connection, namespace| connection.children(namespace, prefix))
    }
}
