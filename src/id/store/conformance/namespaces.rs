//! Checks that namespaces keep their records apart.

use super::reference::{Random, Reference};
use super::{One, committed, id};
use crate::error::ErrorKind;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::store::{Entry, Holder, Manifest, Store};

fn manifest(resolver: Resolver) -> Manifest {
    Manifest::new("model", 2, resolver, IdFormat::plain("-")).expect("valid")
}

/// Turns to a namespace; returns false for a store that has none, which must refuse and stay as it is.
fn turned(store: &mut dyn Store, name: &str) -> bool {
    match store.use_namespace(name) {
        Ok(()) => {
            assert_eq!(store.namespace(), name);
            true
        }
        Err(error) => {
            assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
            assert_eq!(store.namespace(), "");
            false
        }
    }
}

fn turn(store: &mut dyn Store, name: &str) {
    assert!(turned(store, name), "a store has all namespaces or none");
}

/// A namespace, its resolver, and its items with the suffixes of their IDs.
type Holds<'a> = (&'a str, Resolver, &'a [(&'a str, u64)]);

/// Asserts what the namespaces hold; an item of each name has the ID (1, 2) with this suffix.
fn hold(store: &mut dyn Store, expected: &[Holds<'_>]) {
    let all = expected.iter().map(|(name, resolver, _)| ((*name).to_owned(), manifest(*resolver)));
    assert_eq!(store.namespaces().expect("namespaces"), all.collect::<Vec<_>>());
    for (name, resolver, items) in expected {
        turn(store, name);
        assert_eq!(store.manifest().expect("manifest"), Some(manifest(*resolver)), "{name}");
        assert_eq!(store.model().expect("model").as_deref(), Some(b"the model".as_slice()), "{name}");
        assert_eq!(store.count(&[]).expect("count"), items.len() as u64, "{name}");
        for (item, suffix) in *items {
            let id = id(&[1, 2], *suffix);
            assert_eq!(store.holder(&id).expect("holder"), Holder::Item((*item).to_owned()), "{name}");
            assert_eq!(store.entry(item).expect("entry"), Some(Entry::new(id)), "{name}");
        }
    }
}

fn put(store: &mut dyn Store, resolver: Resolver, items: &[(&str, u64)]) {
    store.set_manifest(&manifest(resolver), b"the model").expect("set_manifest");
    for (item, suffix) in items {
        store.put(Some(item), &Entry::new(id(&[1, 2], *suffix))).expect("insert");
    }
}

pub(super) fn check(store: &mut dyn Store) {
    let (suffix, item_id) = (Resolver::default(), Resolver::ItemId);
    assert_eq!(store.namespaces().expect("namespaces"), []);
    committed(store, |store| put(store, suffix, &[("7", 0), ("8", 1)]));
    if !turned(store, "goods") {
        return hold(store, &[("", suffix, &[("7", 0), ("8", 1)])]);
    }
    assert_eq!(store.manifest().expect("manifest"), None, "a namespace without a registry");
    assert_eq!(store.model().expect("model").as_deref(), Some(b"the model".as_slice()), "all have one model");
    Reference::default().compare(store, &mut Random::new(0));
    let former = store.snapshot().expect("snapshot");
    // The same keys and IDs as in the other namespace, for other items.
    committed(store, |store| put(store, item_id, &[("8", 0), ("9", 1)]));
    let now: &[Holds<'_>] = &[("", suffix, &[("7", 0), ("8", 1)]), ("goods", item_id, &[("8", 0), ("9", 1)])];
    hold(store, now);

    // A namespace that a transaction began, and did not end, was never there.
    for end in [Store::rollback, |store: &mut dyn Store| store.use_namespace("goods"), Store::begin] {
        turn(store, "A.b-c_9");
        store.begin().expect("begin");
        put(store, suffix, &[("7", 3)]);
        assert_eq!(store.entry("7").expect("entry"), Some(Entry::new(id(&[1, 2], 3))));
        end(store).expect("the end");
        store.rollback().expect("rollback");
        turn(store, "A.b-c_9");
        assert_eq!(store.entry("7").expect("entry"), None);
        hold(store, now);
    }

    let mut snapshot = store.snapshot().expect("snapshot");
    turn(store, "");
    committed(store, |store| assert_eq!(store.take("7").expect("retire"), Some(id(&[1, 2], 0))));
    turn(store, "A.b-c_9");
    committed(store, |store| put(store, suffix, &[("7", 3)]));
    let later: &[Holds<'_>] =
        &[("", suffix, &[("8", 1)]), ("A.b-c_9", suffix, &[("7", 3)]), ("goods", item_id, &[("8", 0), ("9", 1)])];
    hold(store, later);
    hold(&mut *snapshot, now);
    let mut second = snapshot.snapshot().expect("a snapshot of a snapshot");
    turn(&mut *snapshot, "");
    turn(&mut *second, "goods");
    assert_eq!(snapshot.holder(&id(&[1, 2], 0)).expect("holder"), Holder::Item("7".into()));
    assert_eq!(second.holder(&id(&[1, 2], 0)).expect("holder"), Holder::Item("8".into()));
    let mut former = former;
    hold(&mut *former, &now[..1]);
    another_model(store);
}

/// All namespaces get another model together; a store that cannot do that says so and changes nothing.
fn another_model(store: &mut dyn Store) {
    let before = store.namespaces().expect("namespaces");
    let adopted = |(name, manifest): (String, Manifest)| (name, manifest.adopting("newer"));
    let after: Vec<(String, Manifest)> = before.iter().cloned().map(adopted).collect();
    store.begin().expect("begin");
    if let Err(error) = store.replace_model(&after, b"newer model") {
        assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
        store.rollback().expect("rollback");
        assert_eq!(store.namespaces().expect("namespaces"), before);
        return;
    }
    assert_eq!(store.namespaces().expect("namespaces"), after);
    store.rollback().expect("rollback");
    assert_eq!(store.namespaces().expect("namespaces"), before);
    assert_eq!(store.model().expect("model").as_deref(), Some(b"the model".as_slice()));
    committed(store, |store| store.replace_model(&after, b"newer model").expect("replace_model"));
    let namespace = store.namespace().to_owned();
    for (name, manifest) in &after {
        turn(store, name);
        assert_eq!(store.manifest().expect("manifest"), Some(manifest.clone()), "{name}");
        assert_eq!(store.model().expect("model").as_deref(), Some(b"newer model".as_slice()), "{name}");
    }
    turn(store, &namespace);
}

/// Changes several namespaces in turn, each as if it were the only one.
pub(super) fn random_changes(store: &mut dyn Store) {
    let mut random = Random::new(5);
    let mut references = [("", Reference::default()), ("a", Reference::default()), ("b", Reference::default())];
    if !turned(store, "a") {
        return;
    }
    // A namespace begins with its manifest, as that of a registry does.
    for (name, _) in &references {
        turn(store, name);
        committed(store, |store| put(store, Resolver::default(), &[]));
    }
    for _ in 0..40 {
        let (name, reference) = &mut references[random.below(3) as usize];
        turn(store, name);
        let before = reference.clone();
        store.begin().expect("begin");
        (0..random.below(12)).for_each(|_| reference.change(store, &mut random));
        if random.below(3) == 0 {
            store.rollback().expect("rollback");
            *reference = before;
        } else {
            store.commit().expect("commit");
        }
        for (name, reference) in &references {
            turn(store, name);
            reference.compare(store, &mut random);
        }
    }
}

/// Asserts that a reader finds the namespace that another store made.
pub(super) fn of_another_writer(writer: &mut dyn Store, reader: &mut dyn Store) {
    if !turned(reader, "goods") {
        return;
    }
    turn(writer, "goods");
    writer.begin().expect("begin");
    put(writer, Resolver::default(), &[("7", 0)]);
    assert_eq!(reader.snapshot().expect("snapshot").namespaces().expect("namespaces"), []);
    writer.commit().expect("commit");
    let mut snapshot = reader.snapshot().expect("snapshot");
    assert_eq!(snapshot.namespace(), "goods");
    hold(&mut *snapshot, &[("goods", Resolver::default(), &[("7", 0)])]);
    reader.begin().expect("begin");
    assert_eq!(reader.entry("7").expect("entry"), Some(Entry::new(id(&[1, 2], 0))));
    reader.rollback().expect("rollback");
}
