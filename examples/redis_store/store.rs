//! The store.

use crate::changes::Changes;
use crate::client::{Client, Reply, failed};
use crate::layout::{self, of_codes, of_id};
use crate::requests::held;
use semid::registry::{Entry, Holder, Manifest, MemoryStore, Record, SemanticId, Store, UsedCodes};
use semid::{ErrorKind, Result};
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime};

/// How long to wait for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Milliseconds after which the lock of a writer that died is free; one that only was slow then cannot commit.
const LOCK_MS: &str = "60000";

/// Registered IDs on a Redis server, all keys of which begin with a name.
///
/// `NAME:ids` is a sorted set of IDs, `NAME:holders` a hash from ID to item, `NAME:items` one from item to ID,
/// `NAME:manifest` a hash, `NAME:model` a string. The first four have another set of keys for each namespace, such as
/// `NAME:ids:goods`; `NAME:namespaces` is the set of names. Changes are gathered here and sent in one `MULTI`, which
/// the server does all or nothing, and only if `NAME:lock` is still this writer's: the key is watched. What is
/// acknowledged is as durable as the server is told to be: `appendonly yes` and `appendfsync always` for every commit
/// on disk.
///
/// Redis keeps no versions of what it holds, so a snapshot is a copy: one `MULTI` reads everything at one moment into
/// the memory of the reader, and the server serves nobody else for as long as that takes. Single look-ups need none. A
/// registry too large for that needs another layout, with a version in every key.
pub(crate) struct RedisStore {
    client: Mutex<Client>,
    pub(crate) name: String,
    pub(crate) namespace: String,
    pub(crate) changes: Changes,
    /// What the lock says while it is held.
    lock: Option<String>,
}

impl RedisStore {
    pub(crate) fn open(address: &str, name: &str) -> Result<Self> {
        let client = Mutex::new(Client::connect(address)?);
        let (name, namespace) = (name.to_owned(), String::new());
        Ok(Self { client, name, namespace, changes: Changes::default(), lock: None })
    }

    /// The connection, which one thread uses at a time.
    pub(crate) fn client(&self) -> MutexGuard<'_, Client> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for RedisStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        if let Some((manifest, _)) = &self.changes.manifest {
            return Ok(Some(manifest.clone()));
        }
        manifest_of(self.plain_key("HGETALL", "manifest")?)
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        match &self.changes.manifest {
            Some((_, model)) => Ok(Some(model.clone())),
            None => Ok(self.plain_key("GET", "model")?.bytes()),
        }
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        let (model, namespaces) = self.read_all()?;
        let model = model.bytes().unwrap_or_default();
        let mut all = MemoryStore::new();
        for (name, [manifest, holders]) in namespaces {
            all.use_namespace(&name)?;
            all.begin()?;
            if let Some(manifest) = manifest_of(manifest)? {
                all.set_manifest(&manifest, &model)?;
            }
            let fields: Vec<Vec<u8>> = holders.list().into_iter().filter_map(Reply::bytes).collect();
            let record = |[id, value]: &[Vec<u8>; 2]| Ok(held(value)?.record(layout::id(id)?));
            all.insert(&fields.as_chunks().0.iter().map(record).collect::<Result<Vec<_>>>()?)?;
            all.commit()?;
        }
        all.use_namespace(&self.namespace)?;
        all.snapshot()
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        self.rollback()?;
        name.clone_into(&mut self.namespace);
        Ok(())
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        self.snapshot()?.namespaces()
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
        self.client().call(&[b"EVAL", release.as_bytes(), b"1", key.as_bytes(), token.as_bytes()])?;
        Ok(())
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        let of_server = |item: &&&str| !self.changes.items.contains_key(**item);
        let fields: Vec<Vec<u8>> = items.iter().filter(of_server).map(|item| item.as_bytes().to_vec()).collect();
        let mut values = self.fields("items", &fields)?.into_iter();
        let entry = |item: &&str| match self.changes.items.get(*item) {
            Some(entry) => Ok(entry.clone()),
            None => values.next().flatten().map(|value| entry_of(&value)).transpose(),
        };
        items.iter().map(entry).collect()
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        let of_server = |id: &&SemanticId| !self.changes.ids.contains_key(*id);
        let fields: Vec<Vec<u8>> = ids.iter().filter(of_server).map(of_id).collect();
        let mut values = self.fields("holders", &fields)?.into_iter();
        let holder = |id: &SemanticId| match self.changes.holder(id) {
            Some(holder) => Ok(holder),
            None => values.next().flatten().map_or(Ok(Holder::Free), |value| Ok(held(&value)?.holder())),
        };
        ids.iter().map(holder).collect()
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        let items: Vec<&str> = records.iter().filter_map(|record| record.item.as_deref()).collect();
        let ids: Vec<SemanticId> = records.iter().map(|record| record.entry.id.clone()).collect();
        let known = self.entries(&items)?.iter().position(Option::is_some).map(|i| items[i].to_owned());
        let given = self.holders(&ids)?.iter().position(|holder| *holder != Holder::Free);
        let mut seen = (HashSet::new(), HashSet::new());
        let twice = items.iter().find(|item| !seen.0.insert(**item)).map(|item| item.to_string());
        let given = given.or_else(|| ids.iter().position(|id| !seen.1.insert(id)));
        if let Some(what) = known.or(twice).or_else(|| given.map(|i| format!("{:?}", ids[i]))) {
            return Err(ErrorKind::Taken { what }.into());
        }
        records.iter().for_each(|record| self.changes.insert(record));
        Ok(())
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        let entries = self.entries(items)?;
        let mut seen = HashSet::new();
        let mut ids = Vec::with_capacity(items.len());
        for (item, entry) in items.iter().zip(entries) {
            let id = entry.map(|entry| entry.id).filter(|_| seen.insert(*item));
            id.iter().for_each(|id| self.changes.retire(item, id));
            ids.push(id);
        }
        Ok(ids)
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let first = of_codes(prefix);
        let min = match after {
            Some(after) if after.codes.as_slice() >= prefix => [b"(", of_id(after).as_slice()].concat(),
            _ => [b"[", first.as_slice()].concat(),
        };
        Ok(self.changes.apply(self.records(min, &first, limit)?, prefix, after, limit))
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        let used = |(codes, of_server): (&&[u32], Option<u64>)| {
            let of_id = |suffix| SemanticId::new(codes.to_vec(), suffix);
            let changed = self.changes.ids.range(of_id(0)..=of_id(u64::MAX)).next_back().map(|(id, _)| id.suffix);
            changed.max(of_server).map_or(0, |suffix| suffix.saturating_add(1))
        };
        Ok(codes.iter().zip(self.largest(codes)?).map(used).collect())
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        let codes: Vec<&[u32]> = pairs.iter().map(|(codes, _)| *codes).collect();
        let suffixes = |(records, (_, item)): (Vec<Record>, &(&[u32], &str))| {
            let of_item = records.into_iter().filter(|record| record.former.as_deref() == Some(item));
            of_item.map(|record| record.entry.id.suffix).collect()
        };
        Ok(self.below(&codes)?.into_iter().zip(pairs).map(suffixes).collect())
    }

    fn used_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> {
        let used = |records: Vec<Record>| {
            // The last of equal codes has the largest suffix.
            let used = records.into_iter().map(|r| (r.entry.id.codes, r.entry.id.suffix.saturating_add(1)));
            used.collect::<BTreeMap<_, _>>().into_iter().collect()
        };
        Ok(self.below(prefixes)?.into_iter().map(used).collect())
    }
}

impl RedisStore {
    /// The records below each of these prefixes, with the changes in them.
    fn below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<Record>>> {
        let changed = |(prefix, records): (&&[u32], _)| self.changes.apply(records, prefix, None, usize::MAX);
        Ok(prefixes.iter().zip(self.records_below(prefixes)?).map(changed).collect())
    }
}

fn entry_of(value: &[u8]) -> Result<Entry> {
    let (encoded, id) = layout::value(value)?;
    Ok(Entry { id: layout::id(id)?, encoded })
}

/// The manifest in the fields of a hash.
fn manifest_of(fields: Reply) -> Result<Option<Manifest>> {
    let fields = fields.list().into_iter().filter_map(Reply::bytes);
    let fields: Vec<String> = fields.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect();
    let map: BTreeMap<_, _> = fields.as_chunks().0.iter().map(|[key, value]| (key.clone(), value.clone())).collect();
    (!map.is_empty()).then(|| Manifest::from_map(&map)).transpose()
}
