//! A store in memory.

use super::{Entry, Holder, Manifest, Record, Store};
use crate::error::{Error, ErrorKind, Result};
use crate::id::semantic_id::SemanticId;
use std::collections::{BTreeMap, HashMap};
use std::ops::Bound;
use std::sync::Arc;

/// Holds registered IDs in memory; they are lost with the value unless the engine is saved.
///
/// A snapshot costs nothing by itself; the first change after it copies everything, so that the snapshot stays as it
/// is.
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
    /// The namespace that the store is in. Shared with snapshots; a change copies a table that is shared.
    table: Arc<NamespaceTable>,
    /// The name of that namespace, and the tables of all others.
    namespace: String,
    others: BTreeMap<String, Arc<NamespaceTable>>,
    model: Option<Arc<[u8]>>,
    /// The inverses of the changes since `begin`, in the order of the changes.
    undo: Vec<Undo>,
    is_snapshot: bool,
}

#[derive(Clone, Debug, Default)]
struct NamespaceTable {
    manifest: Option<Manifest>,
    ids: BTreeMap<SemanticId, Holding>,
    items: HashMap<Arc<str>, SemanticId>,
    /// The retired IDs that were taken from each item, the latest last.
    retired: HashMap<Arc<str>, Vec<SemanticId>>,
}

/// The state of an ID.
#[derive(Clone, Debug)]
enum Holding {
    Item(HeldItem),
    /// No item has it any more; the item that had it, if that is known.
    Retired(Option<Arc<str>>),
}

/// The item that an ID belongs to, and the codes that the encoder gave.
#[derive(Clone, Debug)]
struct HeldItem {
    item: Arc<str>,
    encoded: Option<Vec<u32>>,
}

#[derive(Debug)]
enum Undo {
    Manifest(Option<Manifest>, Option<Arc<[u8]>>),
    Others(BTreeMap<String, Arc<NamespaceTable>>),
    Insert(SemanticId),
    Retire(SemanticId, HeldItem),
}

impl MemoryStore {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::default()
    }

    fn table(&mut self) -> &mut NamespaceTable {
        Arc::make_mut(&mut self.table)
    }

    /// Undoes the latest changes until `len` are left.
    fn undo_to(&mut self, len: usize) {
        let table = Arc::make_mut(&mut self.table);
        for undo in self.undo.drain(len..).rev() {
            match undo {
                Undo::Manifest(former, model) => (table.manifest, self.model) = (former, model),
                Undo::Others(others) => self.others = others,
                Undo::Insert(id) => table.remove(&id),
                Undo::Retire(id, held) => table.give_back(id, held),
            }
        }
    }
}

impl NamespaceTable {
    fn entry(&self, item: &str) -> Option<Entry> {
        let id = self.items.get(item)?;
        let encoded = match self.ids.get(id) {
            Some(Holding::Item(held)) => held.encoded.clone(),
            _ => None,
        };
        Some(Entry { id: id.clone(), encoded })
    }

    fn holder(&self, id: &SemanticId) -> Holder {
        match self.ids.get(id) {
            None => Holder::Free,
            Some(Holding::Retired(_)) => Holder::Retired,
            Some(Holding::Item(held)) => Holder::Item(held.item.to_string()),
        }
    }

    fn insert(&mut self, record: &Record) -> Result<()> {
        let taken = |what: String| Err(ErrorKind::Taken { what }.into());
        let id = &record.entry.id;
        if self.ids.contains_key(id) {
            return taken(format!("the ID {id:?}"));
        }
        let holding = match &record.item {
            Some(item) if self.items.contains_key(item.as_str()) => return taken(format!("the item {item:?}")),
            Some(item) => {
                let item: Arc<str> = item.as_str().into();
                self.items.insert(item.clone(), id.clone());
                Holding::Item(HeldItem { item, encoded: record.entry.encoded.clone() })
            }
            None => {
                let former: Option<Arc<str>> = record.former.as_deref().map(Arc::from);
                former.iter().for_each(|item| self.retired.entry(item.clone()).or_default().push(id.clone()));
                Holding::Retired(former)
            }
        };
        self.ids.insert(id.clone(), holding);
        Ok(())
    }

    fn retire(&mut self, item: &str) -> Option<(SemanticId, HeldItem)> {
        let (item, id) = self.items.remove_entry(item)?;
        match self.ids.insert(id.clone(), Holding::Retired(Some(item.clone()))) {
            Some(Holding::Item(held)) => {
                self.retired.entry(item).or_default().push(id.clone());
                Some((id, held))
            }
            _ => None,
        }
    }

    /// Removes the record that was inserted last.
    fn remove(&mut self, id: &SemanticId) {
        match self.ids.remove(id) {
            Some(Holding::Item(held)) => drop(self.items.remove(&held.item)),
            Some(Holding::Retired(Some(former))) => drop(self.retired.get_mut(&former).and_then(Vec::pop)),
            _ => {}
        }
    }

    /// Gives back the ID that was retired last.
    fn give_back(&mut self, id: SemanticId, held: HeldItem) {
        self.retired.get_mut(&held.item).and_then(Vec::pop);
        self.items.insert(held.item.clone(), id.clone());
        self.ids.insert(id, Holding::Item(held));
    }

    fn retired(&self, codes: &[u32], item: &str) -> Vec<u64> {
        let of_item = self.retired.get(item).into_iter().flatten();
        let mut suffixes: Vec<u64> = of_item.filter(|id| id.codes == codes).map(|id| id.suffix).collect();
        suffixes.sort_unstable();
        suffixes
    }

    fn used(&self, codes: &[u32]) -> u64 {
        let (first, last) = (SemanticId::new(codes.to_vec(), 0), SemanticId::new(codes.to_vec(), u64::MAX));
        self.ids.range(first..=last).next_back().map_or(0, |(id, _)| id.suffix.saturating_add(1))
    }
}

impl Store for MemoryStore {
    fn manifest(&self) -> Result<Option<Manifest>> {
        Ok(self.table.manifest.clone())
    }

    fn model(&self) -> Result<Option<Vec<u8>>> {
        Ok(self.model.as_deref().map(<[u8]>::to_vec))
    }

    fn namespace(&self) -> &str {
        &self.namespace
    }

    fn use_namespace(&mut self, name: &str) -> Result<()> {
        self.rollback()?;
        if self.namespace != name {
            let table = self.others.remove(name).unwrap_or_default();
            let former = std::mem::replace(&mut self.namespace, name.to_owned());
            self.others.insert(former, std::mem::replace(&mut self.table, table));
        }
        Ok(())
    }

    fn namespaces(&self) -> Result<Vec<(String, Manifest)>> {
        let all = self.others.iter().chain([(&self.namespace, &self.table)]);
        let mut all: Vec<_> = all.filter_map(|(name, table)| Some((name.clone(), table.manifest.clone()?))).collect();
        all.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        Ok(all)
    }

    fn snapshot(&self) -> Result<Box<dyn Store>> {
        let Self { table, namespace, others, model, .. } = self;
        let (table, namespace, others, model) = (table.clone(), namespace.clone(), others.clone(), model.clone());
        Ok(Box::new(Self { table, namespace, others, model, undo: Vec::new(), is_snapshot: true }))
    }

    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        let former = self.table().manifest.replace(manifest.clone());
        self.undo.push(Undo::Manifest(former, self.model.replace(model.into())));
        Ok(())
    }

    fn replace_model(&mut self, manifests: &[(String, Manifest)], model: &[u8]) -> Result<()> {
        self.undo.push(Undo::Others(self.others.clone()));
        for (name, manifest) in manifests {
            match self.others.get_mut(name) {
                _ if *name == self.namespace => self.set_manifest(manifest, model)?,
                Some(table) => Arc::make_mut(table).manifest = Some(manifest.clone()),
                None => {}
            }
        }
        Ok(())
    }

    fn begin(&mut self) -> Result<()> {
        if self.is_snapshot { Err(Error::from(ErrorKind::ReadOnly { owner: None })) } else { self.rollback() }
    }

    fn commit(&mut self) -> Result<()> {
        self.undo.clear();
        Ok(())
    }

    fn rollback(&mut self) -> Result<()> {
        if !self.undo.is_empty() {
            self.undo_to(0);
        }
        Ok(())
    }

    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        Ok(items.iter().map(|item| self.table.entry(item)).collect())
    }

    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        Ok(ids.iter().map(|id| self.table.holder(id)).collect())
    }

    fn insert(&mut self, records: &[Record]) -> Result<()> {
        let before = self.undo.len();
        for record in records {
            if let Err(error) = self.table().insert(record) {
                self.undo_to(before);
                return Err(error);
            }
            self.undo.push(Undo::Insert(record.entry.id.clone()));
        }
        Ok(())
    }

    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        let retire = |item: &&str| {
            let (id, held) = Arc::make_mut(&mut self.table).retire(item)?;
            self.undo.push(Undo::Retire(id.clone(), held));
            Some(id)
        };
        Ok(items.iter().map(retire).collect())
    }

    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        let first = SemanticId::new(prefix.to_vec(), 0);
        let from = match after {
            Some(after) if *after >= first => Bound::Excluded(after),
            _ => Bound::Included(&first),
        };
        let below = self.table.ids.range((from, Bound::Unbounded)).take_while(|(id, _)| id.codes.starts_with(prefix));
        Ok(below.take(limit).map(|(id, holding)| record(id, holding)).collect())
    }

    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        Ok(pairs.iter().map(|(codes, item)| self.table.retired(codes, item)).collect())
    }

    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        Ok(codes.iter().map(|codes| self.table.used(codes)).collect())
    }
}

fn record(id: &SemanticId, holding: &Holding) -> Record {
    match holding {
        Holding::Item(HeldItem { item, encoded }) => {
            Record::new(item.to_string(), Entry { id: id.clone(), encoded: encoded.clone() })
        }
        Holding::Retired(former) => Record::retired(id.clone(), former.as_ref().map(|former| former.to_string())),
    }
}
