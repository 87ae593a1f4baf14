//! Several writers, and a writer that was killed.

use super::*;
use std::collections::{HashMap, HashSet};

#[test]
fn writers_that_start_at_once_make_one_registry() {
    for _ in 0..20 {
        let dir = Dir::new();
        let barrier = std::sync::Barrier::new(16);
        std::thread::scope(|scope| {
            let write = || {
                barrier.wait();
                assign(&mut dir.registry(), 0..50)
            };
            let writers: Vec<_> = (0..16).map(|_| scope.spawn(write)).collect();
            writers.into_iter().for_each(|writer| writer.join().unwrap().unwrap());
        });
        assert_eq!(intact(&dir.registry()), 50);
    }
}

#[test]
fn every_item_has_one_id_and_every_id_one_item() {
    let dir = Dir::new();
    let mine = |writer: usize| (0..200).map(move |i| if i % 2 == 0 { i } else { 1000 * writer + i });
    let ids: Vec<HashMap<usize, SemanticId>> = std::thread::scope(|scope| {
        let writers: Vec<_> = (1..5)
            .map(|writer| {
                let dir = &dir;
                scope.spawn(move || {
                    let mut registry = dir.registry();
                    let items: Vec<usize> = mine(writer).collect();
                    let mut ids = HashMap::new();
                    for items in items.chunks(30) {
                        let codes =
                            Codes::new(items.iter().flat_map(|item| [1, *item as u32 % 3]).collect(), 2).unwrap();
                        let keys: Vec<String> = items.iter().map(usize::to_string).collect();
                        let assigned = registry.assign(&keys, &codes).unwrap();
                        ids.extend(items.iter().zip(assigned.assignments).map(|(item, given)| (*item, given.id)));
                    }
                    ids
                })
            })
            .collect();
        writers.into_iter().map(|writer| writer.join().unwrap()).collect()
    });
    let mut all: HashMap<usize, SemanticId> = HashMap::new();
    for (item, id) in ids.into_iter().flatten() {
        assert_eq!(*all.entry(item).or_insert_with(|| id.clone()), id, "{item}");
    }
    assert_eq!(all.len(), 100 + 4 * 100);
    assert_eq!(all.values().collect::<HashSet<_>>().len(), all.len());
    assert_eq!(dir.registry().len().unwrap(), all.len() as u64);
    dir.store().check().unwrap();
}

/// Copies the files as they are while a transaction is open, which is what a kill leaves.
#[test]
fn what_was_committed_before_a_kill_is_there_and_no_more() {
    let dir = Dir::with_items(30);
    let mut killed = dir.registry();
    assign(&mut killed, 0..40).unwrap();
    let store = killed.store_mut();
    store.begin().unwrap();
    store.insert(&[Record::new("half", Entry::new(SemanticId::new(vec![9, 9], 0)))]).unwrap();
    let after = Dir::new();
    for ending in ["", "-wal"] {
        let name = |dir: &Dir| format!("{}{ending}", dir.path().display());
        std::fs::copy(name(&dir), name(&after)).unwrap();
    }
    assert!(place::has_log(&after.path()), "the changes are not in the file yet");
    assert_eq!(intact(&after.registry()), 40);
    after.store().check().unwrap();
}
