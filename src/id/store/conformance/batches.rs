//! Checks calls with many questions or changes.

use super::{One, committed, id, record};
use crate::error::ErrorKind;
use crate::id::store::{Entry, Holder, Record, Store};

/// Many questions in one call get the answers of single calls, in the order asked; records are added all or not at all.
pub(super) fn check(store: &mut dyn Store) {
    let entry = |number: u64| Entry {
        id: id(&[3, number as u32 % 5], number),
        encoded: number.is_multiple_of(3).then(|| vec![9, 9]),
    };
    let key = |number: u64| format!("item {number}");
    let records: Vec<Record> = (0..300).map(|number| record(Some(&key(number)), &entry(number))).collect();
    committed(store, |store| {
        store.insert(&records).expect("insert");
        store.insert(&[]).expect("nothing");
        let keys = ["item 7", "nobody", "item 5", "item 7"];
        let gone = [Some(entry(7).id), None, Some(entry(5).id), None];
        assert_eq!(store.retire(&keys).expect("retire"), gone, "an item that comes twice has nothing the second time");
        // A retired ID, added together with the item that it was taken from.
        store.insert(&[Record::retired(id(&[3, 1], 900), Some("item 8".to_owned()))]).expect("insert");
    });
    let keys: Vec<String> = (0..310).rev().chain([3, 3]).map(key).collect();
    let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
    let one_by_one: Vec<Option<Entry>> = asked.iter().map(|item| store.entry(item).expect("entry")).collect();
    assert_eq!(store.entries(&asked).expect("entries"), one_by_one);
    assert_eq!(one_by_one.iter().flatten().count(), 298 + 2);
    let ids: Vec<_> = (0..310).rev().map(|number| entry(number).id).collect();
    let holders: Vec<Holder> = ids.iter().map(|id| store.holder(id).expect("holder")).collect();
    assert_eq!(store.holders(&ids).expect("holders"), holders);
    assert_eq!((&holders[0], &holders[302], &holders[303]), (&Holder::Free, &Holder::Retired, &Holder::Item(key(6))));
    let pairs: [(&[u32], &str); 4] =
        [(&[3, 2], "item 7"), (&[3, 1], "item 8"), (&[3, 1], "item 7"), (&[3, 0], "item 5")];
    let retired: [&[u64]; 4] = [&[7], &[900], &[], &[5]];
    assert_eq!(store.retired(&pairs).expect("retired"), retired);
    assert_eq!(store.used(&[&[3, 1], &[8, 8], &[3, 4]]).expect("used"), [901, 0, 300]);
    let below = store.used_below(&[&[8], &[3, 4], &[3]]).expect("used_below");
    let sizes: Vec<usize> = below.iter().map(Vec::len).collect();
    assert_eq!((sizes, &below[1]), (vec![0, 1, 5], &vec![(vec![3, 4], 300)]));
    for nothing in [store.entries(&[]).expect("entries").len(), store.holders(&[]).expect("holders").len()] {
        assert_eq!(nothing, 0);
    }
    all_or_none(store);
}

fn all_or_none(store: &mut dyn Store) {
    let new = |item: &str, suffix| record(Some(item), &Entry::new(id(&[4, 4], suffix)));
    committed(store, |store| {
        for last in [new("first", 2), new("third", 0), new("item 1", 2), record(None, &Entry::new(id(&[3, 1], 1)))] {
            let error = store.insert(&[new("first", 0), new("second", 1), last.clone()]).expect_err("taken");
            assert!(matches!(error.kind(), ErrorKind::Taken { .. }), "{last:?}: {error}");
            assert_eq!(store.entries(&["first", "second", "third"]).expect("entries"), [None, None, None], "{last:?}");
            assert_eq!(store.used(&[&[4, 4]]).expect("used"), [0], "{last:?}");
        }
        store.insert(&[new("first", 0), new("second", 1)]).expect("insert");
    });
    assert_eq!(store.count(&[4]).expect("count"), 2);
}
