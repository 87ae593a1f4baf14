//! The store.

use crate::changes::Changes;
use crate::client::{Client, Reply, failed};
use crate::layout::{self, of_codes, of_id};
use semid::{Entry, ErrorKind, Holder, Manifest, Record, Result, SemanticId, Store};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime};

/// How long to wait for another writer.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);
/// Milliseconds after which the lock of a writer that died is free; one that only was slow then cannot commit.
const LOCK_MS: &str = "60000";
/// Fields per command.
const FIELDS: usize = 10_000;

/// Registered IDs on a Redis server, all keys of which begin with a name.
///
/// `NAME:ids` is a sorted set of IDs, `NAME:holders` a hash from ID to item, `NAME:items` one from item to ID,
/// `NAME:manifest` a hash, `NAME:model` a string. Changes are gathered here and sent in one `MULTI`, which the server does
/// all or nothing, and only if `NAME:lock` is still this writer's: the key is watched. What is acknowledged is as durable
/// as the server is told to be: `appendonly yes` and `appendfsync always` for every commit on disk.
pub(crate) struct RedisStore {
    client: RefCell<Client>,
    name: String,
    changes: Changes,
    /// What the lock says while it is held.
    lock: Option<String>,
}

impl RedisStore {
    pub(crate) fn open(address: &str, name: &str) -> Result<Self> {
        let client = RefCell::new(Client::connect(address)?);
        Ok(Self { client, name: name.to_owned(), changes: Changes::default(), lock: None })
    }

    pub(crate) fn call(&self, command: &str, key: &str, arguments: &[&[u8]]) -> Result<Reply> {
        let key = format!("{}:{key}", self.name);
        self.client.borrow_mut().call(&[&[command.as_bytes(), key.as_bytes()], arguments].concat())
    }

    fn plain(&self, command: &str) -> Result<Reply> {
        self.client.borrow_mut().call(&[command.as_bytes()])
    }

    /// Sends many arguments, of which every `group` belong together.
    fn send(&self, command: &str, key: &str, group: usize, arguments: &[Vec<u8>]) -> Result<()> {
        for arguments in arguments.chunks(FIELDS * group) {
            self.call(command, key, &arguments.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Sends all changes; the server keeps them until `EXEC`.
    fn send_changes(&self) -> Result<()> {
        if let Some((manifest, model)) = &self.changes.manifest {
            self.plain_key("DEL", "manifest")?;
            let fields: Vec<Vec<u8>> = manifest.to_map().into_iter().flat_map(|(k, v)| [k.into(), v.into()]).collect();
            self.send("HSET", "manifest", 2, &fields)?;
            self.call("SET", "model", &[model])?;
        }
        let mut members = Vec::new();
        let mut holders = Vec::new();
        for (id, held) in &self.changes.ids {
            members.extend([b"0".to_vec(), of_id(id)]);
            let value = held.as_ref().map(|(item, encoded)| layout::of_value(encoded.as_deref(), item.as_bytes()));
            holders.extend([of_id(id), value.unwrap_or_default()]);
        }
        self.send("ZADD", "ids", 2, &members)?;
        self.send("HSET", "holders", 2, &holders)?;
        let (mut given, mut removed) = (Vec::new(), Vec::new());
        for (item, entry) in &self.changes.items {
            match entry {
                Some(Entry { id, encoded }) => {
                    given.extend([item.clone().into(), layout::of_value(encoded.as_deref(), &of_id(id))]);
                }
                None => removed.push(item.clone().into()),
            }
        }
        self.send("HSET", "items", 2, &given)?;
        self.send("HDEL", "items", 1, &removed)
    }

    fn plain_key(&self, command: &str, key: &str) -> Result<Reply> {
        self.call(command, key, &[])
    }

    /// The server's records after `min`, as `ZRANGEBYLEX` understands it, and before those behind `prefix`.
    fn records(&self, min: Vec<u8>, prefix: &[u8], limit: usize) -> Result<Vec<Record>> {
        let max = max(prefix);
        let limit = i64::try_from(limit).unwrap_or(-1).to_string();
        let members = self.call("ZRANGEBYLEX", "ids", &[&min, &max, b"LIMIT", b"0", limit.as_bytes()])?;
        let members: Vec<Vec<u8>> = members.list().into_iter().filter_map(Reply::bytes).collect();
        let mut records = Vec::with_capacity(members.len());
        for members in members.chunks(FIELDS) {
            let holders = self.call("HMGET", "holders", &members.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            for (member, holder) in members.iter().zip(holders.list()) {
                let (item, encoded) = held(&holder.bytes().unwrap_or_default())?.unzip();
                let entry = Entry { id: layout::id(member)?, encoded: encoded.flatten() };
                records.push(Record { item, entry });
            }
        }
        Ok(records)
    }

    /// The largest suffix that the server has with `codes`.
    fn largest(&self, codes: &[u32]) -> Result<Option<u64>> {
        let codes = of_codes(codes);
        let (max, min) = (max(&codes), [b"[", codes.as_slice()].concat());
        let last = self.call("ZREVRANGEBYLEX", "ids", &[&max, &min, b"LIMIT", b"0", b"1"])?;
        let last = last.list().pop().and_then(Reply::bytes);
        last.map(|last| layout::id(&last).map(|id| id.suffix)).transpose()
    }
}

/// The item in the value of an ID, and what the encoder gave; none for a retired one.
fn held(value: &[u8]) -> Result<Option<(String, Option<Vec<u32>>)>> {
    if value.is_empty() {
        return Ok(None);
    }
    let (encoded, item) = layout::value(value)?;
    Ok(Some((String::from_utf8(item.to_vec()).map_err(failed)?, encoded)))
}

/// The end of what begins with `prefix`, as `ZRANGEBYLEX` understands it.
fn max(prefix: &[u8]) -> Vec<u8> {
    layout::end(prefix).map_or(b"+".to_vec(), |end| [b"(", end.as_slice()].concat())
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
        Ok(held(&value)?.map_or(Holder::Retired, |(item, _)| Holder::Item(item)))
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
