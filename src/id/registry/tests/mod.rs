mod calls;
mod retired;

use super::*;
use crate::error::Error;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::store::MemoryStore;
use proptest::prelude::*;
use std::collections::HashMap;

fn manifest(resolver: Resolver) -> Manifest {
    Manifest::new("model", 2, resolver, IdFormat::plain("-")).unwrap()
}

fn registry() -> Registry {
    Registry::new(MemoryStore::new(), manifest(Resolver::default()), b"").unwrap()
}

fn stores(dir: &tempfile::TempDir) -> Vec<Registry> {
    let store = crate::registry::SqliteStore::open(dir.path().join("ids.db")).unwrap();
    vec![registry(), Registry::new(store, manifest(Resolver::default()), b"").unwrap()]
}

fn codes(rows: &[[u32; 2]]) -> Codes {
    Codes::new(rows.concat(), 2).unwrap()
}

fn id(a: u32, b: u32, suffix: u64) -> SemanticId {
    SemanticId::new(vec![a, b], suffix)
}

fn ids(assigned: Assigned) -> Vec<SemanticId> {
    assigned.assignments.into_iter().map(|assignment| assignment.id).collect()
}

/// The rules, written with maps: known items keep their ID, new ones count on.
#[derive(Default)]
struct Rules {
    ids: HashMap<String, SemanticId>,
    registered: HashMap<String, [u32; 2]>,
    given: HashMap<[u32; 2], u64>,
}

impl Rules {
    fn assign(&mut self, item: &str, codes: [u32; 2], update: bool) -> SemanticId {
        if self.ids.contains_key(item) && (!update || self.registered[item] == codes) {
            return self.ids[item].clone();
        }
        let suffix = self.given.entry(codes).or_default();
        self.ids.insert(item.into(), id(codes[0], codes[1], *suffix));
        self.registered.insert(item.into(), codes);
        *suffix += 1;
        self.ids[item].clone()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, cases: 60, ..ProptestConfig::default() })]

    /// Mixes orders, batches, repeats within a batch, changes and removals.
    #[test]
    fn ids_are_those_of_the_rules(
        batches in prop::collection::vec(prop::collection::vec((0..40_usize, 0..12_u32), 0..20), 1..12),
        removed in prop::collection::vec(0..40_usize, 0..6),
        update in any::<bool>(),
    ) {
        let dir = tempfile::tempdir().unwrap();
        for registry in stores(&dir) {
            let mut registry = registry.update_changed(update);
            let mut rules = Rules::default();
            for (number, batch) in batches.iter().enumerate() {
                // An item may have different codes in different batches, but not within one.
                let rows: Vec<(String, [u32; 2])> = batch.iter().map(|(item, _)| {
                    let change = batch.first().map_or(0, |(_, change)| u32::from(*change == 0 && item % 3 == 0));
                    (format!("item {item}"), [(item % 4) as u32, (item % 3) as u32 + change])
                }).collect();
                let items: Vec<&str> = rows.iter().map(|(item, _)| item.as_str()).collect();
                let of_rows: Vec<[u32; 2]> = rows.iter().map(|(_, codes)| *codes).collect();
                let known: Vec<bool> = items.iter().map(|item| rules.ids.contains_key(*item)).collect();
                let before = rules.ids.clone();
                let expected: Vec<SemanticId> =
                    rows.iter().map(|(item, codes)| rules.assign(item, *codes, update)).collect();
                let assigned = registry.assign(&items, &codes(&of_rows)).unwrap();
                let report = assigned.report;
                let news = rules.ids.iter().filter(|(item, id)| before.get(*item) != Some(*id)).count() as u64;
                let kept = rows.len() as u64 - news;
                prop_assert_eq!((report.items, report.new, report.kept), (rows.len() as u64, news, kept));
                if !update {
                    let is_changed = |(item, codes): &(String, [u32; 2])| rules.registered[item] != *codes;
                    let changed = rows.iter().zip(known).filter(|(row, known)| *known && is_changed(row));
                    prop_assert_eq!(report.changed, changed.count() as u64);
                }
                prop_assert_eq!(ids(assigned), expected);
                if let Some(item) = removed.get(number) {
                    let item = format!("item {item}");
                    let had = rules.ids.remove(&item);
                    prop_assert_eq!(registry.remove(&[&item]).unwrap(), [had.clone()]);
                    if let Some(had) = had {
                        prop_assert_eq!(registry.find(&registry.text(&had, &item)).unwrap(), Holder::Retired);
                    }
                }
            }
            let mut expected: Vec<(SemanticId, String)> =
                rules.ids.iter().map(|(item, id)| (id.clone(), item.clone())).collect();
            expected.sort();
            let records = registry.records(&[]).map(Result::unwrap);
            let found: Vec<(SemanticId, String)> = records.map(|record| (record.entry.id, record.item)).collect();
            prop_assert_eq!(&found, &expected);
            for (id, item) in &expected {
                prop_assert_eq!(registry.find(&registry.text(id, item)).unwrap(), Holder::Item(item.clone()));
            }
            prop_assert_eq!(registry.len().unwrap(), expected.len() as u64);
        }
    }
}

#[test]
fn the_report_counts() {
    let mut registry = registry();
    let report = registry.assign(&["a", "b", "a", "c"], &codes(&[[1, 1], [1, 1], [1, 1], [2, 0]])).unwrap().report;
    assert_eq!((report.items, report.new, report.kept, report.collisions), (4, 3, 1, 1));
    let report = registry.assign(&["a", "d", "b"], &codes(&[[9, 9], [2, 0], [1, 1]])).unwrap().report;
    assert_eq!((report.new, report.kept, report.collisions, report.changed), (1, 2, 1, 1));
    let mut registry = registry.update_changed(true);
    let assigned = registry.assign(&["a", "b", "a"], &codes(&[[2, 0], [1, 1], [2, 0]])).unwrap();
    let report = assigned.report;
    assert_eq!((report.new, report.kept, report.collisions, report.changed), (1, 2, 1, 1));
    assert_eq!(assigned.assignments.iter().map(|a| a.new).collect::<Vec<_>>(), [true, false, false]);
    assert_eq!(ids(assigned), [id(2, 0, 2), id(1, 1, 1), id(2, 0, 2)]);
    assert_eq!(registry.find("1-1").unwrap(), Holder::Retired);
}

#[test]
fn item_id_names_end_in_the_key() {
    let mut registry = Registry::new(MemoryStore::new(), manifest(Resolver::ItemId), b"").unwrap();
    let items = ["a", "a", "a-1", "b"];
    let assigned = registry.assign(&items, &codes(&[[1, 2]; 4])).unwrap();
    let texts: Vec<String> = items.iter().zip(ids(assigned)).map(|(item, id)| registry.text(&id, item)).collect();
    assert_eq!(texts, ["1-2-a", "1-2-a", "1-2-a%2D1", "1-2-b"]);
    assert_eq!(registry.find("1-2-a%2D1").unwrap(), Holder::Item("a-1".into()));
    assert_eq!(registry.find("1-3-b").unwrap(), Holder::Free);
    registry.remove(&["b"]).unwrap();
    assert_eq!(registry.find("1-2-b").unwrap(), Holder::Retired);
}

#[test]
fn nothing_is_assigned_where_something_is_wrong() {
    let mut registry = registry();
    let kind = |result: Result<Assigned>| result.unwrap_err().into_kind();
    let two = codes(&[[1, 1], [2, 2]]);
    let three = codes(&[[1, 1], [2, 2], [3, 3]]);
    let refused = kind(registry.assign(&["a", ""], &two));
    assert!(matches!(refused, ErrorKind::ItemKey { row: 1, .. }), "{refused}");
    let refused = kind(registry.assign(&["a\0", "b"], &two));
    assert!(matches!(refused, ErrorKind::ItemKey { row: 0, .. }), "{refused}");
    let refused = kind(registry.assign(&["a", "b", "a"], &three));
    assert!(matches!(refused, ErrorKind::RepeatedItem { first: 0, row: 2, .. }), "{refused}");
    let refused = kind(registry.assign(&["a"], &two));
    assert!(matches!(refused, ErrorKind::RowCount { found: 1, rows: 2, .. }), "{refused}");
    let refused = kind(registry.assign(&["a", "b"], &Codes::new(vec![1; 6], 3).unwrap()));
    assert!(matches!(refused, ErrorKind::Parameter { name: "levels", .. }), "{refused}");
    let refused = kind(registry.assign(&["a", "b"], &codes(&[[0, 0], [0, 65_536]])));
    assert!(matches!(refused, ErrorKind::Code { row: 1, level: 1, code: 65_536, .. }), "{refused}");
    assert!(registry.is_empty().unwrap());
}

#[test]
fn look_ups_by_prefix() {
    let mut registry = registry();
    let items: Vec<String> = (0..30).map(|i| format!("{i}")).collect();
    let rows: Vec<[u32; 2]> = (0..30).map(|i| [i % 3, i % 5]).collect();
    registry.assign(&items, &codes(&rows)).unwrap();
    registry.remove(&["0", "15"]).unwrap(); // both at (0, 0)
    assert_eq!(registry.children(&[]).unwrap(), [(0, 8), (1, 10), (2, 10)]);
    assert_eq!(registry.children(&[0]).unwrap(), [(1, 2), (2, 2), (3, 2), (4, 2)]);
    assert_eq!(registry.children(&[0, 1]).unwrap(), []);
    assert_eq!((registry.count(&[1]).unwrap(), registry.count(&[0, 0]).unwrap(), registry.len().unwrap()), (10, 0, 28));
    let below: Vec<String> = registry.records(&[2]).map(|record| record.unwrap().item).collect();
    assert_eq!(below, ["5", "20", "11", "26", "2", "17", "8", "23", "14", "29"]);
    assert_eq!(registry.parse_prefix("2-1").unwrap(), [2, 1]);
    assert_eq!(registry.find("70000-0").unwrap(), Holder::Free);
}

#[test]
fn another_model_or_setting_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let open = |manifest| {
        Registry::new(crate::registry::SqliteStore::open(dir.path().join("ids.db")).unwrap(), manifest, b"bytes")
    };
    assert_eq!(open(manifest(Resolver::default())).unwrap().model().unwrap(), b"bytes");
    open(manifest(Resolver::default())).unwrap();
    let refused = |manifest| -> Error { open(manifest).unwrap_err() };
    let other = refused(Manifest::new("other", 2, Resolver::default(), IdFormat::plain("-")).unwrap());
    assert!(
        matches!(other.kind(), ErrorKind::OtherModel { expected, found } if expected == "model" && found == "other")
    );
    assert!(other.to_string().contains("model") && other.to_string().contains("other"), "{other}");
    let settings = [
        ("levels", Manifest::new("model", 3, Resolver::default(), IdFormat::plain("-"))),
        ("resolver", Manifest::new("model", 2, Resolver::ItemId, IdFormat::plain("-"))),
        ("text", Manifest::new("model", 2, Resolver::default(), IdFormat::token())),
        ("separator", Manifest::new("model", 2, Resolver::default(), IdFormat::plain("/"))),
    ];
    for (name, manifest) in settings {
        let error = refused(manifest.unwrap());
        assert!(
            matches!(error.kind(), ErrorKind::OtherRegistry { setting, .. } if *setting == name),
            "{name}: {error}"
        );
    }
    let error = Registry::open(MemoryStore::new()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NoRegistry), "{error}");
}
