//! How fast the registry gives and finds IDs in PostgreSQL, beside SQLite:
//! `cargo bench --manifest-path postgres/Cargo.toml`.
//!
//! The codes are random, 3 x 256, so that no time is spent on encoding. The server is on the same machine and is
//! started here, with its defaults; so both wait for the same disk at every commit. `SEMID_BENCH_ITEMS` changes the
//! number of items, 200,000 by default.

#[expect(dead_code, reason = "tests kill servers")]
#[path = "../tests/server/mod.rs"]
mod server;

use semid::registry::{Manifest, Registry, Resolver, SqliteStore, Store};
use semid::{Codes, IdFormat, Result};
use semid_postgres::PostgresStore;
use server::Server;
use std::hint::black_box;
use std::time::Instant;

const LEVELS: usize = 3;
/// Rows per transaction, as in `SemanticIdEngine`.
const BATCH: usize = 65_536;
/// Look-ups of one item at a time.
const SINGLE: usize = 20_000;

/// SplitMix64: the same numbers everywhere.
fn mix(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Assigns all items in batches of `batch`; returns how many were new.
fn assign(registry: &mut Registry, keys: &[String], codes: &Codes, batch: usize) -> Result<u64> {
    let rows: Vec<&[u32]> = codes.rows().collect();
    let parts = keys.chunks(batch).zip(rows.chunks(batch));
    parts.map(|(keys, rows)| Ok(registry.assign(keys, &Codes::new(rows.concat(), LEVELS)?)?.report.new)).sum()
}

fn rate<T>(place: &str, name: &str, items: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work()?;
    let seconds = start.elapsed().as_secs_f64();
    println!("| {place} | {name} | {items} | {:.0} |", items as f64 / seconds);
    Ok(result)
}

fn run(place: &str, store: impl Store, items: usize) -> Result<()> {
    let keys: Vec<String> =
        (0..items as u64).map(|i| format!("B{:09}", i.wrapping_mul(618_033_989) % 1_000_000_000)).collect();
    let codes = (0..(items * LEVELS) as u64).map(|i| (mix(i + 1) % 256) as u32).collect();
    let codes = Codes::new(codes, LEVELS)?;
    let manifest = Manifest::new("bench", LEVELS, Resolver::default(), IdFormat::plain("-"))?;
    let mut registry = Registry::new(store, manifest, b"")?;
    let new = rate(place, "new items", items, || assign(&mut registry, &keys, &codes, BATCH))?;
    assert_eq!(new, items as u64);
    let new = rate(place, "known items", items, || assign(&mut registry, &keys, &codes, BATCH))?;
    assert_eq!(new, 0);
    let some: Vec<String> = (0..2000).map(|i| format!("C{i}")).collect();
    let some_codes = Codes::new(codes.rows().take(some.len()).flatten().copied().collect(), LEVELS)?;
    rate(place, "new items, 100 in a transaction", some.len(), || assign(&mut registry, &some, &some_codes, 100))?;
    let asked = &keys[..SINGLE.min(keys.len())];
    rate(place, "item to ID, one at a time", asked.len(), || {
        asked.iter().try_for_each(|key| registry.id(key).map(|id| drop(black_box(id))))
    })?;
    rate(place, "all items in order", items, || {
        registry.records(&[]).try_for_each(|record| record.map(|record| drop(black_box(record))))
    })
}

fn main() -> Result<()> {
    let items = std::env::var("SEMID_BENCH_ITEMS").ok().and_then(|items| items.parse().ok()).unwrap_or(200_000);
    let server = Server::start();
    println!("| store | | items | items/s |\n| --- | --- | --- | --- |");
    run("PostgreSQL", PostgresStore::connect(&server.schema("bench"))?, items)?;
    let folder = tempfile::tempdir().expect("a folder to work in");
    run("SQLite", SqliteStore::open(folder.path().join("ids.db"))?, items)?;
    let sql = "SELECT pg_total_relation_size('bench.ids')::bigint";
    let bytes: i64 = server.client().query_one(sql, &[]).expect("the size").get(0);
    println!("PostgreSQL takes {:.0} bytes per item", bytes as f64 / items as f64);
    Ok(())
}
