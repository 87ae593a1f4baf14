//! A registry asks its store a fixed number of times per batch, as every call may be a round trip.

use super::*;
use crate::error::Result;
use crate::id::store::{Entry, Record};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

/// A store that counts its calls.
struct Counted(MemoryStore, Arc<AtomicUsize>);

impl Counted {
    fn count(&self) -> &MemoryStore {
        self.1.fetch_add(1, Relaxed);
        &self.0
    }

    fn count_mut(&mut self) -> &mut MemoryStore {
        self.1.fetch_add(1, Relaxed);
        &mut self.0
    }
}

impl Store for Counted {
    fn manifest(&self) -> Result<Option<Manifest>> {
        self.count().manifest()
    }
    fn model(&self) -> Result<Option<Vec<u8>>> {
        self.count().model()
    }
    fn snapshot(&self) -> Result<Box<dyn Store>> {
        self.count().snapshot()
    }
    fn set_manifest(&mut self, manifest: &Manifest, model: &[u8]) -> Result<()> {
        self.count_mut().set_manifest(manifest, model)
    }
    fn begin(&mut self) -> Result<()> {
        self.count_mut().begin()
    }
    fn commit(&mut self) -> Result<()> {
        self.count_mut().commit()
    }
    fn rollback(&mut self) -> Result<()> {
        self.count_mut().rollback()
    }
    fn entries(&self, items: &[&str]) -> Result<Vec<Option<Entry>>> {
        self.count().entries(items)
    }
    fn holders(&self, ids: &[SemanticId]) -> Result<Vec<Holder>> {
        self.count().holders(ids)
    }
    fn insert(&mut self, records: &[Record]) -> Result<()> {
        self.count_mut().insert(records)
    }
    fn retire(&mut self, items: &[&str]) -> Result<Vec<Option<SemanticId>>> {
        self.count_mut().retire(items)
    }
    fn scan(&self, prefix: &[u32], after: Option<&SemanticId>, limit: usize) -> Result<Vec<Record>> {
        self.count().scan(prefix, after, limit)
    }
    fn used(&self, codes: &[&[u32]]) -> Result<Vec<u64>> {
        self.count().used(codes)
    }
    fn retired(&self, pairs: &[(&[u32], &str)]) -> Result<Vec<Vec<u64>>> {
        self.count().retired(pairs)
    }
}

#[test]
fn a_batch_takes_a_few_calls_whatever_its_size() {
    for resolver in [Resolver::default(), Resolver::ItemId] {
        let calls = [10, 1000].map(|items: u32| {
            let count = Arc::new(AtomicUsize::new(0));
            let store = Counted(MemoryStore::new(), count.clone());
            let mut registry = Registry::new(store, manifest(resolver), b"").unwrap().update_changed(true);
            let keys: Vec<String> = (0..items).map(|item| format!("item {item}")).collect();
            // The calls assign new items, known items and changed items that return to earlier codes, and look all of
            // them up.
            let steps = [0, 0, 1, 0].map(|step| {
                count.store(0, Relaxed);
                let rows: Vec<[u32; 2]> = (0..items).map(|item| [item % 5, step]).collect();
                registry.assign(&keys, &codes(&rows)).unwrap();
                count.load(Relaxed)
            });
            count.store(0, Relaxed);
            assert_eq!(registry.entries(&keys).unwrap().iter().flatten().count(), keys.len());
            assert_eq!(registry.remove(&keys).unwrap().iter().flatten().count(), keys.len());
            (steps, count.load(Relaxed))
        });
        assert_eq!(calls[0], calls[1], "{resolver:?}");
        assert!(calls[0].0.iter().all(|calls| *calls <= 8) && calls[0].1 <= 4, "{resolver:?}: {calls:?}");
    }
}

#[test]
fn registries_and_engines_are_shared_by_threads() {
    fn shared<T: Send + Sync>() {}
    shared::<Registry>();
    shared::<crate::SemanticIdEngine>();
    let mut registry = registry();
    let keys: Vec<String> = (0..100).map(|item| item.to_string()).collect();
    registry.assign(&keys, &codes(&vec![[1, 2]; 100])).unwrap();
    let moment = registry.snapshot().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for key in &keys {
                    let id = moment.id(key).unwrap().unwrap();
                    assert_eq!(moment.find(&moment.text(&id, key)).unwrap(), Holder::Item(key.clone()));
                }
            });
        }
        registry.remove(&keys).unwrap();
    });
    assert_eq!((registry.len().unwrap(), moment.len().unwrap()), (0, 100));
}
