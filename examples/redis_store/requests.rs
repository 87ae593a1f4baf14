//! What the store asks of the server.

use crate::changes::Held;
use crate::client::{Reply, failed};
use crate::layout::{self, of_codes, of_id};
use crate::store::RedisStore;
use semid::Result;
use semid::registry::{Entry, Record};

/// Fields per command.
const FIELDS: usize = 10_000;

/// The name of a namespace, its manifest and its holders.
pub(crate) type OfNamespace = (String, [Reply; 2]);

impl RedisStore {
    pub(crate) fn call(&self, command: &str, key: &str, arguments: &[&[u8]]) -> Result<Reply> {
        let key = self.key(key, &self.namespace);
        self.client().call(&[&[command.as_bytes(), key.as_bytes()], arguments].concat())
    }

    pub(crate) fn plain(&self, command: &str) -> Result<Reply> {
        self.client().call(&[command.as_bytes()])
    }

    /// The server's name of a key; the namespaces share the model, the lock and the set of their names.
    fn key(&self, key: &str, namespace: &str) -> String {
        match (key, namespace) {
            ("model" | "lock" | "namespaces", _) | (_, "") => format!("{}:{key}", self.name),
            _ => format!("{}:{key}:{namespace}", self.name),
        }
    }

    /// A command about a key, to be sent with others.
    fn command(&self, command: &str, key: &str, arguments: &[&[u8]]) -> Vec<Vec<u8>> {
        let key = self.key(key, &self.namespace).into_bytes();
        let arguments = arguments.iter().map(|argument| argument.to_vec());
        [command.as_bytes().to_vec(), key].into_iter().chain(arguments).collect()
    }

    /// The values of many fields of a hash.
    pub(crate) fn fields(&self, key: &str, fields: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>> {
        let mut values = Vec::with_capacity(fields.len());
        for fields in fields.chunks(FIELDS) {
            let found = self.call("HMGET", key, &fields.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
            values.extend(found.list().into_iter().map(Reply::bytes));
        }
        Ok(values)
    }

    /// Everything that the server has, of one moment: the model, and of every namespace its manifest and holders.
    pub(crate) fn read_all(&self) -> Result<(Reply, Vec<OfNamespace>)> {
        let plain = |command: &str| vec![command.as_bytes().to_vec()];
        loop {
            // A namespace that is added before `EXEC` makes it answer nothing, and then everything is asked again.
            self.plain_key("WATCH", "namespaces")?;
            let names = self.plain_key("SMEMBERS", "namespaces")?.list().into_iter().filter_map(Reply::bytes);
            let names = [Vec::new()].into_iter().chain(names).map(|name| String::from_utf8(name).map_err(failed));
            let names: Vec<String> = names.collect::<Result<_>>()?;
            let of = |command: &str, key: &str, name: &str| {
                vec![command.as_bytes().to_vec(), self.key(key, name).into_bytes()]
            };
            let mut commands = vec![plain("MULTI"), self.command("GET", "model", &[])];
            commands.extend(names.iter().flat_map(|name| ["manifest", "holders"].map(|key| of("HGETALL", key, name))));
            commands.push(plain("EXEC"));
            let done = match self.client().call_all(&commands)?.pop() {
                Some(Reply::Nil) => continue,
                done => done.map(Reply::list).unwrap_or_default(),
            };
            let wrong = || failed("a transaction gave other replies than were asked for");
            let mut done = done.into_iter();
            let model = done.next().ok_or_else(wrong)?;
            let mut of_name = |name| Ok((name, [done.next().ok_or_else(wrong)?, done.next().ok_or_else(wrong)?]));
            return Ok((model, names.into_iter().map(&mut of_name).collect::<Result<_>>()?));
        }
    }

    /// Sends many arguments, of which every `group` belong together.
    pub(crate) fn send(&self, command: &str, key: &str, group: usize, arguments: &[Vec<u8>]) -> Result<()> {
        for arguments in arguments.chunks(FIELDS * group) {
            self.call(command, key, &arguments.iter().map(Vec::as_slice).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Sends all changes; the server keeps them until `EXEC`.
    pub(crate) fn send_changes(&self) -> Result<()> {
        if let Some((manifest, model)) = &self.changes.manifest {
            self.plain_key("DEL", "manifest")?;
            let fields: Vec<Vec<u8>> = manifest.to_map().into_iter().flat_map(|(k, v)| [k.into(), v.into()]).collect();
            self.send("HSET", "manifest", 2, &fields)?;
            self.call("SET", "model", &[model])?;
        }
        let has_changes = !self.changes.ids.is_empty() || self.changes.manifest.is_some();
        if has_changes && !self.namespace.is_empty() {
            self.call("SADD", "namespaces", &[self.namespace.as_bytes()])?;
        }
        let mut members = Vec::new();
        let mut holders = Vec::new();
        for (id, held) in &self.changes.ids {
            members.extend([b"0".to_vec(), of_id(id)]);
            holders.extend([of_id(id), of_held(held)]);
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

    pub(crate) fn plain_key(&self, command: &str, key: &str) -> Result<Reply> {
        self.call(command, key, &[])
    }

    /// The server's records after `min`, as `ZRANGEBYLEX` understands it, and before those behind `prefix`.
    pub(crate) fn records(&self, min: Vec<u8>, prefix: &[u8], limit: usize) -> Result<Vec<Record>> {
        let max = max(prefix);
        let limit = i64::try_from(limit).unwrap_or(-1).to_string();
        let members = self.call("ZRANGEBYLEX", "ids", &[&min, &max, b"LIMIT", b"0", limit.as_bytes()])?;
        let members: Vec<Vec<u8>> = members.list().into_iter().filter_map(Reply::bytes).collect();
        self.records_of(&members)
    }

    fn records_of(&self, members: &[Vec<u8>]) -> Result<Vec<Record>> {
        let holders = self.fields("holders", members)?;
        let record = |(member, value): (&Vec<u8>, Option<Vec<u8>>)| {
            Ok(held(&value.unwrap_or_default())?.record(layout::id(member)?))
        };
        members.iter().zip(holders).map(record).collect()
    }

    /// The server's records below each of these prefixes.
    pub(crate) fn records_below(&self, prefixes: &[&[u32]]) -> Result<Vec<Vec<Record>>> {
        let range = |prefix: &&[u32]| {
            let prefix = of_codes(prefix);
            self.command("ZRANGEBYLEX", "ids", &[&[b"[", prefix.as_slice()].concat(), &max(&prefix)])
        };
        let ranges = self.client().call_all(&prefixes.iter().map(range).collect::<Vec<_>>())?;
        let members = |range: Reply| range.list().into_iter().filter_map(Reply::bytes).collect::<Vec<_>>();
        let members: Vec<Vec<Vec<u8>>> = ranges.into_iter().map(members).collect();
        let mut records = self.records_of(&members.concat())?.into_iter();
        Ok(members.iter().map(|members| records.by_ref().take(members.len()).collect()).collect())
    }

    /// The largest suffix that the server has with each of these codes.
    pub(crate) fn largest(&self, codes: &[&[u32]]) -> Result<Vec<Option<u64>>> {
        let last = |codes: &&[u32]| {
            let codes = of_codes(codes);
            let (max, min) = (max(&codes), [b"[", codes.as_slice()].concat());
            self.command("ZREVRANGEBYLEX", "ids", &[&max, &min, b"LIMIT", b"0", b"1"])
        };
        let replies = self.client().call_all(&codes.iter().map(last).collect::<Vec<_>>())?;
        let suffix = |reply: Reply| {
            let last = reply.list().pop().and_then(Reply::bytes);
            last.map(|last| layout::id(&last).map(|id| id.suffix)).transpose()
        };
        replies.into_iter().map(suffix).collect()
    }
}

/// What the value of a retired ID begins with; its item's key follows, if it is known.
const RETIRED: u8 = b'r';
/// What the value of an item's ID begins with.
const ITEM: u8 = b'i';

/// The value of an ID.
fn of_held(held: &Held) -> Vec<u8> {
    match &held.item {
        Some(item) => [&[ITEM], layout::of_value(held.encoded.as_deref(), item.as_bytes()).as_slice()].concat(),
        None => [&[RETIRED], held.former.as_deref().unwrap_or_default().as_bytes()].concat(),
    }
}

/// What is kept for the ID with this value.
pub(crate) fn held(value: &[u8]) -> Result<Held> {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).map_err(failed);
    match value.split_first() {
        Some((&RETIRED, former)) => {
            Ok(Held { former: (!former.is_empty()).then(|| text(former)).transpose()?, ..Held::default() })
        }
        Some((&ITEM, value)) => {
            let (encoded, item) = layout::value(value)?;
            Ok(Held { item: Some(text(item)?), encoded, former: None })
        }
        _ => Err(failed("the value of an ID is neither an item's nor retired")),
    }
}

/// The end of what begins with `prefix`, as `ZRANGEBYLEX` understands it.
fn max(prefix: &[u8]) -> Vec<u8> {
    layout::end(prefix).map_or(b"+".to_vec(), |end| [b"(", end.as_slice()].concat())
}
