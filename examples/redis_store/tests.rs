//! Against a real server; without one they say so.

use super::*;
use semid::registry::{Entry, Resolver, SemanticId, Store};
use semid::{ErrorKind, Result};
use std::collections::HashSet;

fn server() -> Option<Server> {
    let server = Server::start();
    if server.is_none() {
        println!("skipped: the program redis-server is not installed");
    }
    server
}

fn registry(address: &str) -> Result<Registry> {
    let manifest = Manifest::new("model", 1, Resolver::default(), IdFormat::token())?;
    Registry::new(RedisStore::open(address, "ids")?, manifest, &[0, 255])
}

#[test]
fn conforms() {
    let Some(server) = server() else { return };
    let mut stores = 0;
    conformance::check(|| {
        stores += 1;
        RedisStore::open(&server.address, &stores.to_string()).unwrap()
    });
}

#[test]
fn writers_take_turns_and_what_they_wrote_survives_a_killed_server() {
    let Some(server) = server() else { return };
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
fn a_writer_that_lost_its_lock_cannot_commit() {
    let Some(server) = server() else { return };
    let open = || RedisStore::open(&server.address, "ids").unwrap();
    let entry = |suffix| Entry::new(SemanticId::new(vec![1], suffix));
    let (mut slow, mut fast) = (open(), open());
    slow.begin().unwrap();
    slow.insert(Some("slow"), &entry(0)).unwrap();
    slow.call("DEL", "lock", &[]).unwrap(); // as if it had been too old
    fast.begin().unwrap();
    fast.insert(Some("fast"), &entry(0)).unwrap();
    let error = slow.commit().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
    slow.rollback().unwrap();
    fast.commit().unwrap();
    assert_eq!((open().entry("slow").unwrap(), open().entry("fast").unwrap()), (None, Some(entry(0))));
}
