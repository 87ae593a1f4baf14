//! A store of your own: a registry in one JSON file. `cargo run --example json_store`
//!
//! For registries that a person wants to read and that fit in memory: every commit writes the whole file. Processes
//! take turns by a lock file beside it; what others committed is seen in a snapshot, which reads the file anew, and
//! from the next `begin` on.

use semid::io::AtomicFile;
use semid::registry::{Entry, Holder, Manifest, MemoryStore, Record, SemanticId, Store};
use semid::registry::{Registry, Resolver, conformance};
use semid::{Codes, IdFormat};
use semid::{ErrorKind, Result};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, TryLockError};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The file is held in a [`MemoryStore`], which knows how to look up, insert and roll back.
struct JsonStore {
    memory: MemoryStore,
    path: PathBuf,
    /// Held between `begin` and its end; closing it frees the lock, also when the process dies.
    lock: Option<File>,
}

/// What the file holds.
#[derive(Default, Serialize, Deserialize)]
struct Contents {
    model: String,
    #[serde(flatten)]
    without_name: Namespace,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    namespaces: BTreeMap<String, Namespace>,
}

/// What a namespace has.
#[derive(Default, Serialize, Deserialize)]
struct Namespace {
    manifest: BTreeMap<String, String>,
    records: Vec<Line>,
}

#[derive(Serialize, Deserialize)]
struct Line {
    item: Option<String>,
    /// The item that a retired ID was taken from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    former: Option<String>,
    codes: Vec<u32>,
    suffix: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    encoded: Option<Vec<u32>>,
}

impl JsonStore {
    /// The registry in the file at `path`, which appears with the first commit.
    fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref().to_owned();
        Ok(Self { memory: read(&path)?, path, lock: None })
    }

    fn write(&self) -> Result<()> {
        let mut memory = self.memory.snapshot()?;
        let model = memory.model()?.unwrap_or_default();
        let mut contents =
            Contents { model: model.iter().map(|byte| format!("{byte:02x}")).collect(), ..Contents::default() };
        // The namespace of this transaction may have no manifest yet.
        let names = memory.namespaces()?.into_iter().map(|(name, _)| name).chain([memory.namespace().to_owned()]);
        for name in names.chain([String::new()]).collect::<BTreeSet<_>>() {
            memory.use_namespace(&name)?;
            let manifest = memory.manifest()?.map(|manifest| manifest.to_map()).unwrap_or_default();
            let mut namespace = Namespace { manifest, records: Vec::new() };
            for Record { item, entry, former } in memory.scan(&[], None, usize::MAX)? {
                let SemanticId { codes, suffix } = entry.id;
                namespace.records.push(Line { item, former, codes, suffix, encoded: entry.encoded });
            }
            match name.as_str() {
                "" => contents.without_name = namespace,
                _ => drop(contents.namespaces.insert(name, namespace)),
            }
        }
        // Takes the place of the former file at once, when all of it is on disk.
        let mut file = AtomicFile::create(&self.path)?;
        serde_json::to_writer(&mut file, &contents).map_err(|error| failed(&self.path, error))?;
        file.flush().map_err(|error| failed(&self.path, error))?;
        file.commit()
    }
}

fn read(path: &Path) -> Result<MemoryStore> {
    let mut memory = MemoryStore::new();
    let text = match std::fs::read(path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(memory),
        Err(error) => return Err(failed(path, error)),
    };
    let contents: Contents = serde_json::from_slice(&text).map_err(|error| failed(path, error))?;
    let digits = |at| contents.model.get(at..at + 2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
    let model: Option<Vec<u8>> = (0..contents.model.len()).step_by(2).map(digits).collect();
    let model = model.ok_or_else(|| failed(path, "the model is no hexadecimal number"))?;
    let record = |Line { item, former, codes, suffix, encoded }| {
        let entry = Entry { id: SemanticId::new(codes, suffix), encoded };
        Record { item, entry, former }
    };
    for (name, namespace) in contents.namespaces.into_iter().chain([(String::new(), contents.without_name)]) {
        memory.use_namespace(&name)?;
        memory.begin()?;
        if !namespace.manifest.is_empty() {
            memory.set_manifest(&Manifest::from_map(&namespace.manifest)?, &model)?;
        }
        memory.insert(&namespace.records.into_iter().map(record).collect::<Vec<_>>())?;
        memory.commit()?;
    }
    Ok(memory)
}

/// What the file holds, in a namespace.
fn read_in(path: &Path, namespace: &str) -> Result<MemoryStore> {
    read(path)?.in_namespace(namespace)
}

/// Waits until no other process has the lock beside the file at `path`.
fn lock(path: &Path) -> Result<File> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let file = File::create(&name).map_err(|error| failed(path, error))?;
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::Error(error)) => return Err(failed(path, error)),
            Err(TryLockError::WouldBlock) if start.elapsed() > BUSY_TIMEOUT => return Err(ErrorKind::Locked.into()),
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(5)),
        }
    }
}

fn failed(path: &Path, error: impl std::fmt::Display) -> semid::Error {
    ErrorKind::Store { reason: format!("{}: {error}", path.display()) }.into()
}

impl Store for JsonStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        self.memory.manifest()
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        self.memory.model()
    }

    fn namespace(&self) -> &str {
        self.memory.namespace()
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        self.rollback()?;
        self.memory.use_namespace(name)
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        self.memory.namespaces()
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        read_in(&self.path, self.namespace())?.snapshot()
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.memory.set_manifest(manifest, model)
    }

    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        self.memory.replace_model(manifests, model)
    }

    fn begin(&mut self) -> Result<()> {
        self.rollback()?;
        let lock = lock(&self.path)?;
        self.memory = read_in(&self.path, self.namespace())?;
        self.memory.begin()?;
        self.lock = Some(lock);
        Ok(())
    }

    fn commit(&mut self) -> Result<()> {
        self.write()?;
        self.memory.commit()?;
        self.lock = None;
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        self.memory.rollback()?;
        self.lock = None;
        Ok(())
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        self.memory.entries(items)
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        self.memory.holders(ids)
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.memory.insert(records)
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        self.memory.retire(items)
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        self.memory.scan(prefix, after, limit)
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        self.memory.retired(pairs)
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        self.memory.used(codes)
    }
}

/// Runs the tests that every store must pass.
fn check(folder: &Path) {
    let mut files = 0;
    conformance::check(|| {
        files += 1;
        JsonStore::open(folder.join(format!("{files}.json"))).expect("a new file")
    });
    conformance::check_shared(|| {
        files += 1;
        let open = || JsonStore::open(folder.join(format!("{files}.json"))).expect("a new file");
        (open(), open())
    });
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    check(folder.path());
    println!("the store passes the conformance tests");

    let path = folder.path().join("ids.json");
    let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
    let mut registry = Registry::new(JsonStore::open(&path)?, manifest, b"")?;
    registry.assign(&["numpy", "scipy", "flask"], &Codes::new(vec![7, 1, 7, 1, 4, 0], 2)?)?;
    println!("{}", std::fs::read_to_string(&path)?);

    let registry = Registry::open(JsonStore::open(&path)?)?;
    for record in registry.records(&[]) {
        let record = record?;
        println!("{:<8} {}", record.item, registry.text(&record.entry.id, &record.item));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conforms() {
        check(tempfile::tempdir().unwrap().path());
    }

    #[test]
    fn namespaces_come_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.json");
        let manifest = || Manifest::new("model", 1, Resolver::default(), IdFormat::token()).unwrap();
        for (name, items) in [("", 1), ("goods", 2), ("videos", 3)] {
            let store = JsonStore::open(&path).unwrap().in_namespace(name).unwrap();
            let mut registry = Registry::new(store, manifest(), &[0, 255]).unwrap();
            let keys: Vec<String> = (0..items).map(|item| item.to_string()).collect();
            registry.assign(&keys, &Codes::new(vec![3; items], 1).unwrap()).unwrap();
        }
        let registry = Registry::open(JsonStore::open(&path).unwrap()).unwrap();
        assert_eq!(registry.namespaces().unwrap(), ["", "goods", "videos"]);
        let items = |name: &str| registry.snapshot_of(name).unwrap().len().unwrap();
        assert_eq!(["", "goods", "videos"].map(items), [1, 2, 3]);
    }

    #[test]
    fn files_come_back_and_writers_take_turns() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ids.json");
        let manifest = || Manifest::new("model", 1, Resolver::default(), IdFormat::token()).unwrap();
        let work = |writer: usize| {
            let mut registry = Registry::new(JsonStore::open(&path).unwrap(), manifest(), &[0, 255]).unwrap();
            for i in 0..10 {
                let items = ["shared".to_owned(), format!("{writer} {i}")];
                registry.assign(&items, &Codes::new(vec![3, 3], 1).unwrap()).unwrap();
            }
        };
        std::thread::scope(|scope| (0..4).for_each(|writer| drop(scope.spawn(move || work(writer)))));
        let registry = Registry::open(JsonStore::open(&path).unwrap()).unwrap();
        assert_eq!((registry.len().unwrap(), registry.model().unwrap()), (41, vec![0, 255]));
        let suffixes: Vec<u64> = registry.records(&[]).map(|record| record.unwrap().entry.id.suffix).collect();
        assert_eq!(suffixes, (0..41).collect::<Vec<u64>>());
    }
}
