//! Against a real server, which is started here.

mod server;

use semid::registry::{Entry, Manifest, Record, Registry, Resolver, SemanticId, Store, conformance};
use semid::{Codes, ErrorKind, IdFormat, Result};
use semid_postgres::{PostgresOptions, PostgresStore};
use server::Server;
use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

/// A server that tests share which run at the same time.
fn shared() -> Arc<Server> {
    static SERVER: Mutex<Weak<Server>> = Mutex::new(Weak::new());
    let mut shared = SERVER.lock().unwrap_or_else(|error| error.into_inner());
    shared.upgrade().unwrap_or_else(|| {
        let server = Arc::new(Server::start());
        *shared = Arc::downgrade(&server);
        server
    })
}

/// The URL of a schema that no other test has.
fn fresh(server: &Server) -> String {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    server.schema(&format!("test_{}_{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)))
}

fn connect(url: &str) -> PostgresStore {
    PostgresStore::connect(url).unwrap()
}

fn registry(url: &str) -> Result<Registry> {
    let manifest = Manifest::new("model", 1, Resolver::default(), IdFormat::plain("-"))?;
    Registry::new(PostgresStore::connect(url)?, manifest, &[0, 255])
}

fn record(item: &str, suffix: u64) -> Record {
    Record::new(item, Entry::new(SemanticId::new(vec![1], suffix)))
}

fn same(codes: u32, items: usize) -> Codes {
    Codes::new(vec![codes; items], 1).unwrap()
}

#[test]
fn conforms() {
    let server = shared();
    conformance::check(|| connect(&fresh(&server)));
    conformance::check_shared(|| {
        let url = fresh(&server);
        (connect(&url), connect(&url))
    });
}

#[test]
fn tables_are_made_by_the_first_commit_and_by_one_writer_only() {
    let server = shared();
    let url = fresh(&server);
    let tables = || {
        let name = url.split_once("schema=").unwrap().1;
        let sql = "SELECT count(*) FROM information_schema.tables WHERE table_schema = $1";
        server.client().query_one(sql, &[&name]).unwrap().get::<_, i64>(0)
    };
    let mut store = connect(&url);
    assert_eq!((store.manifest().unwrap(), store.count(&[]).unwrap(), tables()), (None, 0, 0));
    store.begin().unwrap();
    store.insert(&[record("a", 0)]).unwrap();
    store.rollback().unwrap();
    assert_eq!((store.entries(&["a"]).unwrap(), tables()), (vec![None], 0));
    let work = |writer: usize| {
        registry(&url).unwrap().assign(&[format!("item {writer}")], &same(3, 1)).unwrap();
    };
    std::thread::scope(|scope| (0..6).for_each(|writer| drop(scope.spawn(move || work(writer)))));
    assert_eq!((registry(&url).unwrap().len().unwrap(), tables()), (6, 4));
    assert_eq!(store.count(&[]).unwrap(), 6, "the first store finds the tables that others made");
}

#[test]
fn eight_writers_give_every_item_one_id() {
    let server = shared();
    let url = fresh(&server);
    let (writers, items) = (8, 2000);
    let work = |writer: usize| {
        let mut registry = registry(&url).unwrap();
        // Every third item is one that all writers have.
        let key = |i: usize| if i.is_multiple_of(3) { format!("shared {i}") } else { format!("{writer} {i}") };
        let keys: Vec<String> = (0..items).map(key).collect();
        for keys in keys.chunks(100) {
            registry.assign(keys, &same(keys.len() as u32 % 2, keys.len())).unwrap();
        }
    };
    std::thread::scope(|scope| (0..writers).for_each(|writer| drop(scope.spawn(move || work(writer)))));
    let registry = registry(&url).unwrap();
    let records: Vec<_> = registry.records(&[]).map(Result::unwrap).collect();
    let (shared, own) = (items.div_ceil(3), items - items.div_ceil(3));
    assert_eq!(records.len(), shared + writers * own);
    let suffixes: Vec<u64> = records.iter().map(|record| record.entry.id.suffix).collect();
    assert_eq!(suffixes, (0..records.len() as u64).collect::<Vec<_>>());
    assert_eq!(records.iter().map(|record| &record.item).collect::<HashSet<_>>().len(), records.len());
}

#[test]
fn a_writer_waits_for_another_one_and_can_be_stopped() {
    let server = shared();
    let url = fresh(&server);
    let mut first = connect(&url);
    first.begin().unwrap();
    first.insert(&[record("a", 0)]).unwrap();
    first.commit().unwrap();
    first.begin().unwrap();
    let start = Instant::now();
    let options = PostgresOptions::new(&url).unwrap().busy_timeout(Duration::from_millis(400));
    let error = options.connect().unwrap().begin().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Locked), "{error}");
    assert!(start.elapsed() >= Duration::from_millis(400));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let options = PostgresOptions::new(&url).unwrap().watch(move || match count.fetch_add(1, Ordering::Relaxed) {
        0..2 => ControlFlow::Continue(()),
        _ => ControlFlow::Break(()),
    });
    let error = options.connect().unwrap().begin().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}");
    // The lock comes within the time.
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| {
            let mut second = connect(&url);
            second.begin().unwrap();
            second.entries(&["b"]).unwrap()
        });
        std::thread::sleep(Duration::from_millis(300));
        first.insert(&[record("b", 1)]).unwrap();
        first.commit().unwrap();
        assert_eq!(waiting.join().unwrap(), [Some(record("b", 1).entry)]);
    });
}

#[test]
fn a_batch_takes_a_few_round_trips_whatever_its_size() {
    let server = Server::start();
    let trips = |items: usize| {
        let mut registry = registry(&server.schema(&format!("s{items}"))).unwrap();
        registry.assign(&["first"], &same(5, 1)).unwrap(); // prepares the statements
        let keys: Vec<String> = (0..items).map(|item| format!("item {item}")).collect();
        let codes = Codes::new((0..items as u32).map(|item| item % 7).collect(), 1).unwrap();
        let statements = || server.log().matches("duration: ").count();
        let before = statements();
        assert_eq!(registry.assign(&keys, &codes).unwrap().report.new, items as u64);
        let new = statements();
        assert_eq!(registry.assign(&keys, &codes).unwrap().report.kept, items as u64);
        (new - before, statements() - new)
    };
    let (few, many) = (trips(10), trips(3000));
    // The log has up to three lines for each statement: that it is parsed, bound and executed.
    assert!(few == many && few.0 < 30 && few.1 < 30, "{few:?} {many:?}");
}

#[test]
fn look_ups_are_by_index() {
    let server = shared();
    let url = fresh(&server);
    let mut store = connect(&url);
    let long = |i: u64| format!("{} {i}", "long ".repeat(300));
    let items: Vec<String> = (0..500).flat_map(|i| [format!("item {i}"), long(i)]).collect();
    let records: Vec<Record> = (0..).zip(&items).map(|(suffix, item)| record(item, suffix)).collect();
    store.begin().unwrap();
    store.insert(&records).unwrap();
    for taken in [record("item 7", 2000), record(&long(7), 2000)] {
        let error = store.insert(&[taken]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Taken { .. }), "{error}");
    }
    let asked: Vec<&str> = items.iter().map(String::as_str).collect();
    let gone = [asked[14], asked[15]];
    assert_eq!(store.retire(&gone).unwrap(), [14, 15].map(|suffix| Some(SemanticId::new(vec![1], suffix))));
    store.commit().unwrap();
    let found = store.entries(&asked).unwrap();
    assert_eq!(found.iter().flatten().count(), 998);
    assert_eq!(store.retired(&[(&[1], gone[0]), (&[1], gone[1])]).unwrap(), [[14], [15]]);
    drop(store); // PostgreSQL counts what a connection did when it ends
    let schema = url.split_once("schema=").unwrap().1;
    let scans = |client: &mut postgres::Client, sql: &str| {
        let rows = client.query(sql, &[&schema]).unwrap();
        rows.iter().map(|row| (row.get(0), row.get(1))).collect::<Vec<(String, i64)>>()
    };
    let sql = "SELECT indexrelname::text, idx_scan FROM pg_stat_user_indexes \
               WHERE schemaname = $1 AND relname = 'ids' ORDER BY 1";
    let (mut client, start) = (server.client(), Instant::now());
    loop {
        let found = scans(&mut client, sql);
        let names: Vec<&str> = found.iter().filter(|(_, scans)| *scans > 0).map(|(name, _)| name.as_str()).collect();
        if ["items", "long_items", "retired"].iter().all(|name| names.contains(name)) {
            break;
        }
        assert!(start.elapsed() < Duration::from_secs(20), "{found:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let sql = "SELECT relname::text, seq_scan FROM pg_stat_user_tables WHERE schemaname = $1 AND relname = 'ids'";
    // Making an index reads the table once, while it is empty.
    let read = scans(&mut client, sql)[0].1;
    assert!(read <= 4, "the table is read from one end to the other, {read} times");
}

#[test]
fn a_restarted_server_is_found_again_and_a_lost_transaction_is_not_hidden() {
    let mut server = Server::start();
    let mut registry = registry(&server.schema("semid")).unwrap();
    registry.assign(&["a"], &same(1, 1)).unwrap();
    let mut store = connect(&server.schema("semid"));
    store.begin().unwrap();
    store.insert(&[record("b", 9)]).unwrap();
    let snapshot = registry.snapshot().unwrap();
    server.kill();
    server.restart();
    for error in [store.entries(&["b"]).unwrap_err(), store.commit().unwrap_err(), snapshot.len().unwrap_err()] {
        assert!(matches!(error.kind(), ErrorKind::Store { .. }), "{error}");
    }
    assert_eq!(registry.len().unwrap(), 1, "a look-up connects again");
    store.rollback().unwrap();
    assert_eq!(store.entries(&["a", "b"]).unwrap().iter().flatten().count(), 1);
    server.stop();
    server.restart();
    assert_eq!(registry.assign(&["a", "b"], &same(1, 2)).unwrap().report.new, 1, "and so does a batch");
    server.stop();
    let error = registry.len().unwrap_err();
    assert!(error.to_string().contains("PostgreSQL"), "{error}");
}

#[test]
fn foreign_changes_are_refused() {
    let server = shared();
    let url = fresh(&server);
    let schema = url.split_once("schema=").unwrap().1;
    let mut registry = registry(&url).unwrap();
    registry.assign(&["a"], &same(1, 1)).unwrap();
    let mut client = server.client();
    let trigger = "SET search_path = SCHEMA;
        CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
        CREATE TRIGGER lose BEFORE INSERT ON ids FOR EACH ROW EXECUTE FUNCTION lose()";
    client.batch_execute(&trigger.replace("SCHEMA", schema)).unwrap();
    let error = registry.assign(&["b"], &same(1, 1)).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{error}");
    assert_eq!(registry.len().unwrap(), 1);
    client.batch_execute(&format!("UPDATE {schema}.version SET number = 2")).unwrap();
    let error = connect(&url).manifest().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NewerRegistry { supported: 1, .. }), "{error}");
    client.batch_execute(&format!("DROP TABLE {schema}.ids")).unwrap();
    let error = registry.len().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{error}");
    client.batch_execute("CREATE DATABASE old ENCODING 'SQL_ASCII' TEMPLATE template0").unwrap();
    let error = PostgresStore::connect(&server.url("old")).unwrap_err();
    assert!(error.to_string().contains("UTF8"), "{error}");
    let error = PostgresStore::connect(&server.url("none")).unwrap_err();
    assert!(error.to_string().contains("\"none\" does not exist"), "{error}");
}

#[test]
fn a_user_without_rights_reads_and_is_told_what_is_missing() {
    let server = shared();
    let url = fresh(&server);
    let schema = url.split_once("schema=").unwrap().1;
    registry(&url).unwrap().assign(&["a"], &same(1, 1)).unwrap();
    let role = format!("reader_{schema}");
    let rights = format!(
        "CREATE ROLE {role} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {role};
         GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {role}"
    );
    server.client().batch_execute(&rights).unwrap();
    let mut reader = connect(&url.replace("semid@", &format!("{role}@")));
    assert_eq!(reader.count(&[]).unwrap(), 1);
    let error = reader.begin().unwrap_err();
    assert!(error.to_string().contains("permission denied"), "{error}");
    let other = connect(&fresh(&server).replace("semid@", &format!("{role}@"))).begin().unwrap_err();
    assert!(other.to_string().contains("have the right to it granted"), "{other}");
}

#[test]
fn a_store_works_on_threads_of_asynchronous_programs() {
    let server = shared();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let mut registry = registry(&fresh(&server)).unwrap();
        registry.assign(&["a", "b"], &same(1, 2)).unwrap();
        assert_eq!(registry.records(&[]).count(), 2);
    });
}
