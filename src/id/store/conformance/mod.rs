//! Tests that every [`Store`] has to pass.
//!
//! ```
//! use semid::registry::{MemoryStore, conformance};
//!
//! conformance::check(MemoryStore::new);
//! ```

mod batches;
mod namespaces;
mod reference;
mod snapshots;

use super::{Entry, Holder, Manifest, Record, Store, single};
use crate::error::{ErrorKind, Result};
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::semantic_id::SemanticId;
use reference::{Random, Reference};

/// Tests a store against the promises of [`Store`]. Every call of `new` makes a new and empty store.
///
/// Tests batches, snapshots with a writer beside them, rollbacks, pages, duplicates, and namespaces where the store has
/// them; does not test durability,
/// waiting for other processes and failures of the medium.
///
/// # Panics
/// Panics where the store breaks a promise.
pub fn check<S: Store>(mut new: impl FnMut() -> S) {
    empty(&mut new());
    manifests(&mut new());
    duplicates(&mut new());
    item_keys(&mut new());
    pages(&mut new());
    batches::check(&mut new());
    snapshots::stand_still(&mut new());
    snapshots::beside_a_writer(&mut new());
    (0..8).for_each(|seed| random_changes(&mut new(), seed));
    namespaces::check(&mut new());
    namespaces::random_changes(&mut new());
}

/// Tests stores that share their contents: `new` opens two stores on one new and empty place.
///
/// A snapshot and the next transaction of one store must show what the other one committed, and nothing uncommitted.
///
/// Panics where a store breaks a promise.
/// Where a promise is broken.
pub fn check_shared<S: Store>(mut new: impl FnMut() -> (S, S)) {
    let (mut writer, reader) = new();
    snapshots::of_another_writer(&mut writer, &reader);
    let (mut writer, mut reader) = new();
    namespaces::of_another_writer(&mut writer, &mut reader);
}

/// Questions about one item or ID, and changes of one item, in terms of batches.
trait One {
    fn entry(&self, item: &str) -> Result<Option<Entry>>;
    fn holder(&self, id: &SemanticId) -> Result<Holder>;
    fn put(&mut self, item: Option<&str>, entry: &Entry) -> Result<()>;
    fn take(&mut self, item: &str) -> Result<Option<SemanticId>>;
}

impl<S: Store + ?Sized> One for S {
    fn entry(&self, item: &str) -> Result<Option<Entry>> {
        single(self.entries(&[item])?)
    }
    fn holder(&self, id: &SemanticId) -> Result<Holder> {
        single(self.holders(std::slice::from_ref(id))?)
    }
    fn put(&mut self, item: Option<&str>, entry: &Entry) -> Result<()> {
        self.insert(&[record(item, entry)])
    }
    fn take(&mut self, item: &str) -> Result<Option<SemanticId>> {
        single(self.retire(&[item])?)
    }
}

fn record(item: Option<&str>, entry: &Entry) -> Record {
    match item {
        Some(item) => Record::new(item, entry.clone()),
        None => Record::retired(entry.id.clone(), None),
    }
}

/// Runs `change` in a transaction and commits it.
fn committed(store: &mut dyn Store, change: impl FnOnce(&mut dyn Store)) {
    store.begin().expect("begin");
    change(store);
    store.commit().expect("commit");
}

fn id(codes: &[u32], suffix: u64) -> SemanticId {
    SemanticId::new(codes.to_vec(), suffix)
}

fn empty(store: &mut dyn Store) {
    assert_eq!(store.manifest().expect("manifest"), None);
    assert_eq!(store.model().expect("model"), None);
    Reference::default().compare(store, &mut Random::new(0));
}

fn manifests(store: &mut dyn Store) {
    let manifest =
        |name, levels| Manifest::new(name, levels, Resolver::reassign(), IdFormat::plain("\u{2192} '")).expect("valid");
    let (first, second) = (manifest("first", 3), manifest("second", 2));
    let large: Vec<u8> = (0..300_000_u32).map(|i| (i.wrapping_mul(i) >> 3) as u8).collect();
    committed(store, |store| store.set_manifest(&first, &large).expect("set_manifest"));
    assert_eq!(store.manifest().expect("manifest"), Some(first.clone()));
    assert_eq!(store.model().expect("model"), Some(large.clone()));
    store.begin().expect("begin");
    store.set_manifest(&second, b"").expect("set_manifest");
    assert_eq!(store.manifest().expect("manifest"), Some(second.clone()));
    store.rollback().expect("rollback");
    assert_eq!(store.manifest().expect("manifest"), Some(first));
    assert_eq!(store.model().expect("model"), Some(large));
    committed(store, |store| store.set_manifest(&second, b"").expect("set_manifest"));
    assert_eq!(store.manifest().expect("manifest"), Some(second.clone()));
    assert_eq!(store.model().expect("model"), Some(Vec::new()));
    // Another model in the place of this one.
    let third = second.clone().adopting("third");
    let all = [(String::new(), third.clone())];
    store.begin().expect("begin");
    store.replace_model(&all, b"3").expect("replace_model");
    assert_eq!(store.manifest().expect("manifest"), Some(third.clone()));
    store.rollback().expect("rollback");
    assert_eq!(store.manifest().expect("manifest"), Some(second));
    committed(store, |store| store.replace_model(&all, b"3").expect("replace_model"));
    assert_eq!(store.manifest().expect("manifest").map(|found| found.to_map()), Some(third.to_map()));
    assert_eq!(store.model().expect("model"), Some(b"3".to_vec()));
}

fn duplicates(store: &mut dyn Store) {
    let entry = |suffix| Entry::new(id(&[1, 2], suffix));
    committed(store, |store| {
        store.put(Some("a"), &entry(0)).expect("insert");
        store.put(None, &entry(1)).expect("insert");
        store.put(Some("b"), &entry(2)).expect("insert");
        assert_eq!(store.take("b").expect("retire"), Some(id(&[1, 2], 2)));
        for (item, suffix) in [(Some("c"), 0), (Some("c"), 1), (Some("c"), 2), (Some("a"), 3), (None, 0), (None, 2)] {
            let error = store.put(item, &entry(suffix)).expect_err("the ID or the item is taken");
            assert!(matches!(error.kind(), ErrorKind::Taken { .. }), "{item:?} {suffix}: {error}");
        }
    });
    assert_eq!(store.holder(&id(&[1, 2], 0)).expect("holder"), Holder::Item("a".into()));
    assert_eq!(store.entry("b").expect("entry"), None);
    assert_eq!(store.entry("c").expect("entry"), None);
    assert_eq!(store.count(&[]).expect("count"), 1);
    assert_eq!(store.used(&[&[1, 2]]).expect("used"), [3]);
}

fn item_keys(store: &mut dyn Store) {
    let long = "long ".repeat(5000);
    let keys =
        ["a", "A", "a ", " a", "\u{e9}", "e\u{301}", "'; --", "\"", "%", "_", "a\nb", "\u{10ffff}", "1", "01", &long];
    committed(store, |store| {
        for (suffix, key) in (0..).zip(keys) {
            store.put(Some(key), &Entry::new(id(&[7], suffix))).expect(key);
        }
    });
    for (suffix, key) in (0..).zip(keys) {
        assert_eq!(store.entry(key).expect(key), Some(Entry::new(id(&[7], suffix))));
        assert_eq!(store.holder(&id(&[7], suffix)).expect(key), Holder::Item(key.to_owned()));
    }
}

/// Codes whose order as numbers differs from the order of their texts and of their bytes in little endian.
const CODES: [u32; 6] = [0, 2, 10, 255, 256, 65_535];

fn pages(store: &mut dyn Store) {
    let mut all: Vec<SemanticId> = Vec::new();
    for a in CODES {
        CODES.iter().for_each(|b| all.extend([0, 1, 10, 1 << 62].map(|suffix| id(&[a, *b], suffix))));
    }
    committed(store, |store| {
        // Inserted backwards, so that the order of insertion is not the order asked for.
        for id in all.iter().rev() {
            store.put(Some(&format!("{id:?}")), &Entry::new(id.clone())).expect("insert");
        }
    });
    let ids = |records: Vec<Record>| records.into_iter().map(|record| record.entry.id).collect::<Vec<_>>();
    for limit in [1, 2, 5, all.len() - 1, all.len(), usize::MAX] {
        let mut read: Vec<SemanticId> = Vec::new();
        loop {
            let page = ids(store.scan(&[], read.last(), limit).expect("scan"));
            assert!(page.len() == limit.min(all.len() - read.len()), "a page of {} after {}", page.len(), read.len());
            if page.is_empty() {
                break;
            }
            read.extend(page);
        }
        assert_eq!(read, all, "in pages of {limit}");
    }
    let below_2: Vec<SemanticId> = all.iter().filter(|id| id.codes.first() == Some(&2)).cloned().collect();
    assert_eq!(ids(store.scan(&[2], all.first(), 1000).expect("scan")), below_2, "after an ID before the prefix");
    assert_eq!(ids(store.scan(&[2], all.last(), 1000).expect("scan")), [], "after an ID behind the prefix");
}

fn random_changes(store: &mut dyn Store, seed: u64) {
    let mut random = Random::new(seed);
    let mut reference = Reference::default();
    for _ in 0..40 {
        let before = reference.clone();
        store.begin().expect("begin");
        for _ in 0..random.below(12) {
            reference.change(store, &mut random);
        }
        reference.compare(store, &mut random);
        match random.below(4) {
            0 => {
                store.rollback().expect("rollback");
                reference = before;
            }
            // The next `begin` has to undo it.
            1 => {
                store.begin().expect("begin");
                store.rollback().expect("rollback");
                reference = before;
            }
            _ => store.commit().expect("commit"),
        }
        reference.compare(store, &mut random);
    }
}
