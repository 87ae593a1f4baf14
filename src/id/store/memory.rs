//! A store in memory.

use super::{Entry, Holder, Manifest, Record, Store};
use crate::error::{ErrorKind, Result};
use crate::id::semantic_id::SemanticId;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// Registered IDs in memory; gone with the value unless the engine is saved.
///
/// ```
/// use semid::registry::{Manifest, MemoryStore, Registry, Resolver};
/// use semid::IdFormat;
///
/// let manifest = Manifest::new("any model", 2, Resolver::default(), IdFormat::plain("-"))?;
/// let registry = Registry::new(MemoryStore::new(), manifest, b"")?;
/// assert!(registry.is_empty()?);
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Debug, Default)]
pub struct MemoryStore {
    manifest: Option<(Manifest, Vec<u8>)>,
    ids: BTreeMap<SemanticId, Holding>,
    items: HashMap<Arc<str>, SemanticId>,
    /// The retired IDs that were taken from items, last one last.
    retired: HashMap<Arc<str>, Vec<SemanticId>>,
    /// How to take back the changes since `begin`, last one last.
    undo: Vec<Undo>,
}

/// Who has an ID.
#[derive(Debug)]
enum Holding {
    Item(Held),
    /// Nobody any more; who had it, if that is known.
    Retired(Option<Arc<str>>),
}

/// What an ID that is not retired belongs to.
#[derive(Debug)]
struct Held {
    item: Arc<str>,
    encoded: Option<Vec<u32>>,
}

#[derive(Debug)]
enum Undo {
    Manifest(Option<(Manifest, Vec<u8>)>),
    Insert(SemanticId),
    Retire(SemanticId, Held),
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }
}

impl Store for MemoryStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        Ok(self.manifest.as_ref().map(|(manifest, _)| manifest.clone()))
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.manifest.as_ref().map(|(_, model)| model.clone()))
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        let former = self.manifest.replace((manifest.clone(), model.to_vec()));
        self.undo.push(Undo::Manifest(former));
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        self.rollback()
    }

    fn commit(&mut self) -> Result<()> {
        self.undo.clear();
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        while let Some(undo) = self.undo.pop() {
            match undo {
                Undo::Manifest(former) => self.manifest = former,
                Undo::Insert(id) => {
                    if let Some(Holding::Item(held)) = self.ids.remove(&id) {
                        self.items.remove(&held.item);
                    }
                }
                Undo::Retire(id, held) => {
                    self.retired.get_mut(&held.item).and_then(Vec::pop);
                    self.items.insert(held.item.clone(), id.clone());
                    self.ids.insert(id, Holding::Item(held));
                }
            }
        }
        Ok(())
    }

    fn entry(&self, item: &str) -> Result<Option<Entry>> {
        let Some(id) = self.items.get(item) else { return Ok(None) };
        let encoded = match self.ids.get(id) {
            Some(Holding::Item(held)) => held.encoded.clone(),
            _ => None,
        };
        Ok(Some(Entry { id: id.clone(), encoded }))
    }

    fn holder(&self, id: &SemanticId) -> Result<Holder> {
        Ok(match self.ids.get(id) {
            None => Holder::Free,
            Some(Holding::Retired(_)) => Holder::Retired,
            Some(Holding::Item(held)) => Holder::Item(held.item.to_string()),
        })
    }

    fn insert(&mut self, item: Option<&str>, entry: &Entry) -> Result<()> {
        let taken = |what: String| Err(ErrorKind::Taken { what }.into());
        if self.ids.contains_key(&entry.id) {
            return taken(format!("the ID {:?}", entry.id));
        }
        if let Some(item) = item.filter(|item| self.items.contains_key(*item)) {
            return taken(format!("the item {item:?}"));
        }
        let held = item.map(|item| Held { item: item.into(), encoded: entry.encoded.clone() });
        if let Some(held) = &held {
            self.items.insert(held.item.clone(), entry.id.clone());
        }
        self.ids.insert(entry.id.clone(), held.map_or(Holding::Retired(None), Holding::Item));
        self.undo.push(Undo::Insert(entry.id.clone()));
        Ok(())
    }

    fn retire(&mut self, item: &str) -> Result<Option<SemanticId>> {
        let Some((item, id)) = self.items.remove_entry(item) else { return Ok(None) };
        if let Some(Holding::Item(held)) = self.ids.insert(id.clone(), Holding::Retired(Some(item.clone()))) {
            self.retired.entry(item).or_default().push(id.clone());
            self.undo.push(Undo::Retire(id.clone(), held));
        }
        Ok(Some(id))
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let first = SemanticId::new(prefix.to_vec(), 0);
        let from = match after {
            Some(after) if *after >= first => Bound::Excluded(after),
            _ => Bound::Included(&first),
        };
        let below = self.ids.range((from, Bound::Unbounded)).take_while(|(id, _)| id.codes.starts_with(prefix));
        Ok(below.take(limit).map(|(id, holding)| record(id, holding)).collect())
    }

    fn retired(&self, codes: &[u32], item: &str) -> Result<Vec<u64>> {
        let of_item = self.retired.get(item).into_iter().flatten();
        let mut suffixes: Vec<u64> = of_item.filter(|id| id.codes == codes).map(|id| id.suffix).collect();
        suffixes.sort_unstable();
        Ok(suffixes)
    }

    fn used(&self, codes: &[u32]) -> Result<u64> {
        let (first, last) = (SemanticId::new(codes.to_vec(), 0), SemanticId::new(codes.to_vec(), u64::MAX));
        Ok(self.ids.range(first..=last).next_back().map_or(0, |(id, _)| id.suffix.saturating_add(1)))
    }
}

fn record(id: &SemanticId, holding: &Holding) -> Record {
    let (item, encoded, former) = match holding {
        Holding::Item(held) => (Some(held.item.to_string()), held.encoded.clone(), None),
        Holding::Retired(former) => (None, None, former.as_ref().map(|former| former.to_string())),
    };
    Record { item, entry: Entry { id: id.clone(), encoded }, former }
}
