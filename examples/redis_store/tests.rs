//! Against a real server: `cargo test --example redis_store -- --ignored`.

use super::*;
use semid::registry::{Entry, Record, Resolver, SemanticId, Store};
use semid::{ErrorKind, Result};
use std::collections::HashSet;

fn server() -> Server {
    Server::start().expect("the program redis-server")
}

fn registry(address: &str) -> Result<Registry> {
    let manifest = Manifest::new("model", 1, Resolver::default(), IdFormat::token())?;
    Registry::new(RedisStore::open(address, "ids")?, manifest, &[0, 255])
}

#[test]
#[ignore = "needs the program redis-server"]
fn conforms() {
    let server = server();
    let mut stores = 0;
    conformance::check(|| {
        stores += 1;
        RedisStore::open(&server.address, &stores.to_string()).unwrap()
    });
    conformance::check_shared(|| {
        stores += 1;
        let open = || RedisStore::open(&server.address, &stores.to_string()).unwrap();
        (open(), open())
    });
}

#[test]
#[ignore = "needs the program redis-server"]
fn writers_take_turns_and_what_they_wrote_survives_a_killed_server() {
    let server = server();
    let work = |writer: usize| {
        let mut registry = registry(&server.address).unwrap();
        for i in 0..10 {
            let items = ["shared".to_owned(), format!("{writer} {i}")];
            registry.assign(&items, &Codes::new(vec![3, 3], 1).unwrap()).unwrap();
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|writer| drop(scope.spawn(move || work(writer)))));
    let server = server.kill_and_restart().unwrap();
    let registry = registry(&server.address).unwrap();
    let records: Vec<_> = registry.records(&[]).map(Result::unwrap).collect();
    let suffixes: Vec<u64> = records.iter().map(|record| record.entry.id.suffix).collect();
    assert_eq!(suffixes, (0..41).collect::<Vec<u64>>());
    assert_eq!(records.iter().map(|record| &record.item).collect::<HashSet<_>>().len(), 41);
    assert_eq!(registry.model().unwrap(), [0, 255]);
}

#[test]
#[ignore = "needs the program redis-server"]
fn a_writer_that_lost_its_lock_cannot_commit() {
    let server = server();
    let open = || RedisStore::open(&server.address, "ids").unwrap();
    let entry = |suffix| Entry::new(SemanticId::new(vec![1], suffix));
    let record = |item: &str, suffix| Record::new(item, entry(suffix));
    let (mut slow, mut fast) = (open(), open());
    slow.begin().unwrap();
    slow.insert(&[record("slow", 0)]).unwrap();
    slow.call("DEL", "lock", &[]).unwrap(); // as if it had been too old
    fast.begin().unwrap();
    fast.insert(&[record("fast", 0)]).unwrap();
    let error = slow.commit().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
    slow.rollback().unwrap();
    fast.commit().unwrap();
    assert_eq!(open().entries(&["slow", "fast"]).unwrap(), [None, Some(entry(0))]);
}

/// Round trips of one transaction that looks up, retires and adds that many records.
fn round_trips(server: &Server, items: u32) -> usize {
    let mut store = RedisStore::open(&server.address, &format!("trips {items}")).unwrap();
    let keys: Vec<String> = (0..items).map(|item| item.to_string()).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let before = store.client().round_trips;
    store.begin().unwrap();
    assert_eq!(store.entries(&keys).unwrap().iter().flatten().count(), 0);
    let codes: Vec<[u32; 2]> = (0..items).map(|item| [item % 7, item]).collect();
    assert_eq!(store.used(&codes.iter().map(|codes| &codes[..]).collect::<Vec<_>>()).unwrap(), vec![0; items as usize]);
    let record = |(key, codes): (&&str, &[u32; 2])| Record::new(*key, Entry::new(SemanticId::new(codes.to_vec(), 0)));
    store.insert(&keys.iter().zip(&codes).map(record).collect::<Vec<_>>()).unwrap();
    assert_eq!(store.retire(&keys).unwrap().iter().flatten().count(), items as usize);
    store.commit().unwrap();
    let after = store.client().round_trips;
    after - before
}

#[test]
#[ignore = "needs the program redis-server"]
fn a_batch_takes_a_few_round_trips_whatever_its_size() {
    let server = server();
    let trips = [10, 900].map(|items| round_trips(&server, items));
    assert!(trips[0] == trips[1] && trips[0] < 20, "{trips:?}");
}
