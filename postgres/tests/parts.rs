//! A catalogue that is split by the first code, over schemas and over files: its parts have the IDs of one registry.

#[expect(dead_code, reason = "other tests kill servers")]
mod server;

use semid::registry::{Manifest, MemoryStore, Registry, Resolver, SemanticId, SqliteStore, Store};
use semid::{Codes, IdFormat};
use semid_postgres::PostgresStore;
use server::Server;
use std::collections::HashMap;

const LEVELS: usize = 2;
const PARTS: u32 = 3;

/// An item and its codes.
type Item = (String, Vec<u32>);

/// SplitMix64: the same numbers everywhere.
fn mix(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What arrives on a day: new items, known ones, and known ones that have moved, some of them back to where they were.
/// Five times four codes, so that many items share theirs.
fn day(day: u64) -> Vec<Item> {
    let item = |i: u64| {
        let moves = u64::from(mix(i).is_multiple_of(3)) * (day % 3);
        let codes = mix(1_000 * moves + i);
        (format!("item {i}"), vec![(codes % 5) as u32, (codes >> 8) as u32 % 4])
    };
    (60 * day..60 * day + 180).map(|i| item(i % 300)).collect()
}

fn registry(store: impl Store, resolver: Resolver) -> Registry {
    let manifest = Manifest::new("model", LEVELS, resolver, IdFormat::plain("-")).unwrap();
    Registry::new(store, manifest, b"").unwrap().update_changed(true)
}

fn assign(registry: &mut Registry, items: &[Item], batch: usize) {
    for items in items.chunks(batch) {
        let (keys, rows): (Vec<&String>, Vec<&[u32]>) = items.iter().map(|(key, row)| (key, row.as_slice())).unzip();
        registry.assign(&keys, &Codes::new(rows.concat(), LEVELS).unwrap()).unwrap();
    }
}

/// Assigns what arrives on a day: first every part retires the items that have moved to another one, and then each
/// takes its own, which may be in any order of parts, in batches of any size, and again after a crash.
fn assign_parts(parts: &mut [Registry], items: &[Item], day: usize) {
    let of = |codes: &[u32]| (codes[0] % PARTS) as usize;
    for (number, part) in parts.iter_mut().enumerate() {
        let others: Vec<&String> = items.iter().filter(|(_, row)| of(row) != number).map(|(key, _)| key).collect();
        part.remove(&others).unwrap();
    }
    for turn in 0..parts.len() {
        let number = (day + 2 * turn) % parts.len();
        let own: Vec<Item> = items.iter().filter(|(_, row)| of(row) == number).cloned().collect();
        for _ in 0..1 + day % 2 {
            assign(&mut parts[number], &own, 7 + 5 * day + number);
        }
    }
}

/// All items with their IDs.
fn held(registries: &[Registry]) -> HashMap<String, SemanticId> {
    let records = registries.iter().flat_map(|registry| registry.records(&[]));
    let mut found = HashMap::new();
    for record in records.map(Result::unwrap) {
        assert!(found.insert(record.item, record.entry.id).is_none(), "an item is in one part only");
    }
    found
}

fn check<S: Store>(open: impl Fn(u32) -> S) {
    for (number, resolver) in
        [Resolver::default(), Resolver::Suffix { always: true }, Resolver::ItemId].into_iter().enumerate()
    {
        let first = PARTS * number as u32;
        let mut parts: Vec<Registry> = (first..first + PARTS).map(|part| registry(open(part), resolver)).collect();
        let mut alone = [registry(MemoryStore::new(), resolver)];
        let mut before = HashMap::new();
        for number in 0..8 {
            let items = day(number);
            assign(&mut alone[0], &items, items.len());
            assign_parts(&mut parts, &items, number as usize);
            let (expected, found) = (held(&alone), held(&parts));
            assert_eq!(expected, found, "{resolver:?} on day {number}");
            let changed = before.iter().filter(|(item, id)| expected.get(*item) != Some(*id)).count();
            assert!(number == 0 || changed > 0, "items move every day");
            before = expected;
        }
        assert!(before.values().any(|id| id.suffix > 0));
    }
}

#[test]
fn parts_in_schemas_have_the_ids_of_one_registry() {
    let server = Server::start();
    check(|part| PostgresStore::connect(&server.schema(&format!("part_{part}"))).unwrap());
}

#[test]
fn parts_in_files_have_the_ids_of_one_registry() {
    let folder = tempfile::tempdir().unwrap();
    check(|part| SqliteStore::open(folder.path().join(format!("{part}.db"))).unwrap());
}
