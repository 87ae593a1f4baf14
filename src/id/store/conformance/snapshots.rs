//! Checks that everything read from a snapshot is as of one moment.

use super::{One, committed, id};
use crate::error::ErrorKind;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::semantic_id::SemanticId;
use crate::id::store::{Entry, Holder, Manifest, Record, Store};
use std::collections::HashMap;
use std::time::{Duration, Instant};

const ITEMS: u64 = 40;

fn key(number: u64) -> String {
    format!("item {number}")
}

/// Makes a registry of `ITEMS` items.
fn fill(store: &mut dyn Store) {
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-")).expect("valid");
    committed(store, |store| {
        store.set_manifest(&manifest, b"first").expect("set_manifest");
        let record = |number| Record::new(key(number), Entry::new(id(&[number as u32 % 7, 0], number)));
        store.insert(&(0..ITEMS).map(record).collect::<Vec<_>>()).expect("insert");
    });
}

/// Gives every item another ID, as a run that updates changed items does.
fn change_all(store: &mut dyn Store, round: u64) {
    committed(store, |store| {
        let keys: Vec<String> = (0..ITEMS).map(key).collect();
        store.retire(&keys.iter().map(String::as_str).collect::<Vec<_>>()).expect("retire");
        let record = |number: u64| {
            let codes = [(number * 3 + round) as u32 % 7, 1];
            Record::new(key(number), Entry::new(id(&codes, round * ITEMS + number)))
        };
        store.insert(&(0..ITEMS).map(record).collect::<Vec<_>>()).expect("insert");
    });
}

/// Reads all records in pages of `page` records.
fn records(store: &dyn Store, page: usize) -> Vec<Record> {
    let mut all: Vec<Record> = Vec::new();
    loop {
        let after: Option<SemanticId> = all.last().map(|record| record.entry.id.clone());
        let more = store.scan(&[], after.as_ref(), page).expect("scan");
        if more.is_empty() {
            return all;
        }
        all.extend(more);
    }
}

/// Asserts that every item is there exactly once.
fn is_whole(records: &[Record]) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    records.iter().filter_map(|record| record.item.as_deref()).for_each(|item| *seen.entry(item).or_default() += 1);
    let doubled: Vec<_> = seen.iter().filter(|(_, count)| **count > 1).collect();
    assert!(doubled.is_empty(), "items that are there more than once: {doubled:?}");
    assert_eq!(seen.len() as u64, ITEMS, "items are missing");
}

/// Asserts that a snapshot, and a snapshot of it, stay as they are while the store changes.
pub(super) fn stand_still(store: &mut dyn Store) {
    fill(store);
    let snapshot = store.snapshot().expect("snapshot");
    let (before, ids) = (records(store, usize::MAX), |n: u64| id(&[n as u32 % 7, 0], n));
    let later = snapshot.snapshot().expect("the snapshot of a snapshot");
    change_all(store, 1);
    committed(store, |store| {
        let other = Manifest::new("model", 2, Resolver::ItemId, IdFormat::token()).expect("valid");
        store.set_manifest(&other, b"second").expect("set_manifest");
    });
    for mut snapshot in [snapshot, later] {
        for page in [1, 3, usize::MAX] {
            assert_eq!(records(&*snapshot, page), before, "in pages of {page}");
        }
        assert_eq!(snapshot.model().expect("model").as_deref(), Some(b"first".as_slice()));
        assert_eq!(snapshot.manifest().expect("manifest").map(|m| m.resolver()), Some(Resolver::default()));
        assert_eq!(snapshot.entry(&key(9)).expect("entry"), Some(Entry::new(ids(9))));
        assert_eq!(snapshot.holder(&ids(9)).expect("holder"), Holder::Item(key(9)));
        assert_eq!(snapshot.count(&[]).expect("count"), ITEMS);
        assert_eq!(snapshot.children(&[2]).expect("children"), [(0, 6)]);
        assert_eq!(snapshot.used(&[&[2, 0], &[2, 1]]).expect("used"), [38, 0]);
        assert_eq!(snapshot.retired(&[(&[2, 0], &key(2))]).expect("retired"), [Vec::<u64>::new()]);
        assert_eq!(snapshot.used_below(&[&[2]]).expect("used_below"), [vec![(vec![2, 0], 38)]]);
        let error = snapshot.begin().expect_err("a snapshot only reads");
        assert!(matches!(error.kind(), ErrorKind::ReadOnly { .. }), "{error}");
        assert_eq!(records(&*snapshot, 5), before, "after a refused begin");
    }
    assert_eq!(store.model().expect("model").as_deref(), Some(b"second".as_slice()));
    let now = records(store, 5);
    is_whole(&now);
    assert_eq!(now.len() as u64, 2 * ITEMS);
}

/// Threads read snapshots page by page while this thread gives new IDs to all items again and again.
pub(super) fn beside_a_writer(store: &mut dyn Store) {
    fill(store);
    let start = Instant::now();
    let mut round = 0;
    while round < 12 && start.elapsed() < Duration::from_secs(10) {
        let snapshots = [store.snapshot().expect("snapshot"), store.snapshot().expect("snapshot")];
        std::thread::scope(|scope| {
            let readers = snapshots.map(|snapshot| {
                scope.spawn(move || {
                    for page in [1, 7] {
                        let all = records(&*snapshot, page);
                        is_whole(&all);
                        assert_eq!(all.len() as u64, (round + 1) * ITEMS, "records of another moment");
                    }
                })
            });
            change_all(store, round + 1);
            readers.into_iter().for_each(|reader| reader.join().expect("a reader"));
        });
        round += 1;
    }
}

/// Asserts that the reader's snapshots show what the writer committed last.
pub(super) fn of_another_writer(writer: &mut dyn Store, reader: &dyn Store) {
    fill(writer);
    for round in 1..6 {
        writer.begin().expect("begin");
        writer.put(Some("half"), &Entry::new(id(&[6, 6], round))).expect("insert");
        let amidst = reader.snapshot().expect("snapshot");
        assert_eq!(amidst.entry("half").expect("entry"), None, "what is not committed yet");
        assert_eq!(records(&*amidst, 9).len() as u64, round * ITEMS);
        writer.rollback().expect("rollback");
        change_all(writer, round);
        let after = reader.snapshot().expect("snapshot");
        let all = records(&*after, 9);
        is_whole(&all);
        assert_eq!(all.len() as u64, (round + 1) * ITEMS, "what is committed");
        assert_eq!(records(&*amidst, 9).len() as u64, round * ITEMS, "an older snapshot");
    }
}
