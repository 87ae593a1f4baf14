//! The store.

use crate::changes::Changes;
use crate::client::{Client, Reply, failed};
use crate::layout::{self, of_codes, of_id};
use crate::requests::held;
use semid::registry::{Entry, Holder, Manifest, Record, SemanticId, Store};
use semid::{ErrorKind, Result};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

/// How long to wait for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Milliseconds after which the lock of a writer that died is free; one that only was slow then cannot commit.
const LOCK_MS: &str = "60000";

/// Registered IDs on a Redis server, all keys of which begin with a name.
///
/// `NAME:ids` is a sorted set of IDs, `NAME:holders` a hash from ID to item, `NAME:items` one from item to ID,
/// `NAME:manifest` a hash, `NAME:model` a string. Changes are gathered here and sent in one `MULTI`, which the server does
/// all or nothing, and only if `NAME:lock` is still this writer's: the key is watched. What is acknowledged is as durable
/// as the server is told to be: `appendonly yes` and `appendfsync always` for every commit on disk.
pub(crate) struct RedisStore {
    pub(crate) client: RefCell<Client>,
    pub(crate) name: String,
    pub(crate) changes: Changes,
    /// What the lock says while it is held.
    lock: Option<String>,
}

impl RedisStore {
    pub(crate) fn open(address: &str, name: &str) -> Result<Self> {
        let client = RefCell::new(Client::connect(address)?);
        Ok(Self { client, name: name.to_owned(), changes: Changes::default(), lock: None })
    }
}

impl Store for RedisStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        if let Some((manifest, _)) = &self.changes.manifest {
            return Ok(Some(manifest.clone()));
        }
        let fields = self.plain_key("HGETALL", "manifest")?.list().into_iter().filter_map(Reply::bytes);
        let fields: Vec<String> = fields.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
        let map: BTreeMap<_, _> =
            fields.as_chunks().0.iter().map(|[key, value]| (key.clone(), value.clone())).collect();
        (!map.is_empty()).then(|| Manifest::from_map(&map)).transpose()
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        match &self.changes.manifest {
            Some((_, model)) => Ok(Some(model.clone())),
            None => Ok(self.plain_key("GET", "model")?.bytes()),
        }
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.changes.manifest = Some((manifest.clone(), model.to_vec()));
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        self.rollback()?;
        let now = SystemTime::UNIX_EPOCH.elapsed().map_err(failed)?.as_nanos();
        let token = format!("{} {now} {:?}", std::process::id(), std::thread::current().id());
        let start = Instant::now();
        while self.call("SET", "lock", &[token.as_bytes(), b"NX", b"PX", LOCK_MS.as_bytes()])? == Reply::Nil {
            if start.elapsed() > BUSY_TIMEOUT {
                return Err(ErrorKind::Locked.into());
            }
            std::thread::sleep(Duration::from_millis(2));
        }
        self.lock = Some(token);
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.plain_key("WATCH", "lock")?;
        let held = self.plain_key("GET", "lock")?.bytes();
        if self.lock.is_none() || held.as_deref() != self.lock.as_deref().map(str::as_bytes) {
            return Err(failed("another writer took over, as this one was slow; run the same again"));
        }
        self.plain("MULTI")?;
        self.send_changes()?;
        self.plain_key("DEL", "lock")?;
        if self.plain("EXEC")? == Reply::Nil {
            return Err(failed("another writer took over at the last moment; run the same again"));
        }
        self.lock = None;
        self.changes = Changes::default();
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        self.changes = Changes::default();
        let Some(token) = self.lock.take() else { return Ok(()) };
        let _ = self.plain("DISCARD"); // fails where there is no MULTI
        self.plain("UNWATCH")?;
        let release = "if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end";
        let key = format!("{}:lock", self.name);
        self.client.borrow_mut().call(&[b"EVAL", release.as_bytes(), b"1", key.as_bytes(), token.as_bytes()])?;
        Ok(())
    }

    fn entry(&self, item: &str) -> Result<Option<Entry>> {
        if let Some(entry) = self.changes.items.get(item) {
            return Ok(entry.clone());
        }
        let Some(value) = self.call("HGET", "items", &[item.as_bytes()])?.bytes() else { return Ok(None) };
        let (encoded, id) = layout::value(&value)?;
        Ok(Some(Entry { id: layout::id(id)?, encoded }))
    }

    fn holder(&self, id: &SemanticId) -> Result<Holder> {
        if let Some(holder) = self.changes.holder(id) {
            return Ok(holder);
        }
        let Some(value) = self.call("HGET", "holders", &[&of_id(id)])?.bytes() else { return Ok(Holder::Free) };
        Ok(held(&value)?.holder())
    }

    fn insert(&mut self, item: Option<&str>, entry: &Entry) -> Result<()> {
        let known = item.map(|item| self.entry(item)).transpose()?.flatten();
        if known.is_some() || self.holder(&entry.id)? != Holder::Free {
            let what = format!("the ID {:?} or the item {:?}", entry.id, item.unwrap_or_default());
            return Err(ErrorKind::Taken { what }.into());
        }
        self.changes.insert(item, entry);
        Ok(())
    }

    fn retire(&mut self, item: &str) -> Result<Option<SemanticId>> {
        let Some(Entry { id, .. }) = self.entry(item)? else { return Ok(None) };
        self.changes.retire(item, &id);
        Ok(Some(id))
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let first = of_codes(prefix);
        let min = match after {
            Some(after) if after.codes.as_slice() >= prefix => [b"(", of_id(after).as_slice()].concat(),
            _ => [b"[", first.as_slice()].concat(),
        };
        Ok(self.changes.apply(self.records(min, &first, limit)?, prefix, after, limit))
    }

    fn used(&self, codes: &[u32]) -> Result<u64> {
        let of_id = |suffix| SemanticId::new(codes.to_vec(), suffix);
        let changed = self.changes.ids.range(of_id(0)..=of_id(u64::MAX)).next_back().map(|(id, _)| id.suffix);
        Ok(changed.max(self.largest(codes)?).map_or(0, |suffix| suffix.saturating_add(1)))
    }
}
