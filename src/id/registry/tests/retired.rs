//! The text of a retired ID is never given again, and reads as retired, with every resolver.

use super::*;

/// All texts ever given, with their items; none for retired ones.
type Given = HashMap<String, Option<String>>;

/// Gives IDs and records their texts.
fn assign(registry: &mut Registry, given: &mut Given, items: &[String], rows: &[[u32; 2]]) {
    let assigned = registry.assign(items, &codes(rows)).unwrap();
    for (item, assignment) in items.iter().zip(assigned.assignments) {
        let text = registry.text(&assignment.id, item);
        if assignment.new {
            given.values_mut().filter(|holder| holder.as_ref() == Some(item)).for_each(|holder| *holder = None);
            assert_eq!(given.insert(text.clone(), Some(item.clone())), None, "{text} is given again");
        } else {
            assert_eq!(given.get(&text), Some(&Some(item.clone())), "{text}");
        }
    }
}

fn check(registry: &Registry, given: &Given) {
    for (text, item) in given {
        assert_eq!(registry.find(text).unwrap(), item.clone().map_or(Holder::Retired, Holder::Item), "{text}");
    }
    assert_eq!(registry.len().unwrap(), given.values().flatten().count() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn texts_are_given_once(
        steps in prop::collection::vec((prop::collection::vec((0..8_usize, 0..2_u32), 1..6), 0..8_usize), 1..15),
        resolver in prop::sample::select(vec![
            Resolver::default(), Resolver::Suffix { always: true }, Resolver::ItemId,
        ]),
        token in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let format = || if token { IdFormat::token() } else { IdFormat::plain("-") };
        let manifest = || Manifest::new("model", 2, resolver, format()).unwrap();
        let store = crate::registry::SqliteStore::open(dir.path().join("ids.db")).unwrap();
        let sqlite = Registry::new(store, manifest(), b"");
        let memory = Registry::new(MemoryStore::new(), manifest(), b"");
        for registry in [memory.unwrap(), sqlite.unwrap()] {
            let mut registry = registry.update_changed(true);
            let mut given = Given::new();
            for (batch, removed) in &steps {
                let rows: std::collections::BTreeMap<usize, u32> = batch.iter().copied().collect();
                let items: Vec<String> = rows.keys().map(|item| format!("{item}-1")).collect();
                let of_rows: Vec<[u32; 2]> = rows.values().map(|code| [7, *code]).collect();
                assign(&mut registry, &mut given, &items, &of_rows);
                let removed = format!("{removed}-1");
                registry.remove(&[&removed]).unwrap();
                given.values_mut().filter(|item| item.as_ref() == Some(&removed)).for_each(|item| *item = None);
                check(&registry, &given);
            }
        }
    }
}

#[test]
fn an_item_that_comes_back_gets_a_number_and_others_none() {
    let mut registry = Registry::new(MemoryStore::new(), manifest(Resolver::ItemId), b"").unwrap();
    let mut give = |item: &str, remove: bool| {
        let id = ids(registry.assign(&[item], &codes(&[[1, 2]])).unwrap()).remove(0);
        if remove {
            registry.remove(&[item]).unwrap();
        }
        registry.text(&id, item)
    };
    let texts: Vec<String> =
        [("a", true), ("a", true), ("b", false), ("a", true), ("c", true), ("c", false), ("d", false)]
            .map(|(item, remove)| give(item, remove))
            .into();
    assert_eq!(texts, ["1-2-a", "1-2-a-1", "1-2-b", "1-2-a-2", "1-2-c", "1-2-c-3", "1-2-d"]);
    for (text, holder) in [
        ("1-2-a", Holder::Retired),
        ("1-2-a-1", Holder::Retired),
        ("1-2-a-2", Holder::Retired),
        ("1-2-a-3", Holder::Free),
        ("1-2-c", Holder::Retired),
        ("1-2-c-3", Holder::Item("c".into())),
        ("1-2-d", Holder::Item("d".into())),
        ("1-2-d-1", Holder::Free),
        ("1-3-a", Holder::Free),
    ] {
        assert_eq!(registry.find(text).unwrap(), holder, "{text}");
    }
}
