//! How fast the registry gives and finds IDs in an SQLite database: `cargo bench --bench registry`.
//!
//! The codes are random, 3 x 256, so that no time is spent on encoding. `SEMID_BENCH_ITEMS` changes how many items are
//! known in the second part, 1,000,000 by default; `SEMID_BENCH_DIR` says where the database lies, whose disk matters.

use semid::registry::{Manifest, Registry, Resolver, SqliteStore};
use semid::{Codes, IdFormat, Result};
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

const LEVELS: usize = 3;
/// Rows per transaction, as in `SemanticIdEngine`.
const BATCH: usize = 65_536;
const NEW: usize = 100_000;

/// SplitMix64: the same numbers everywhere.
fn mix(n: u64) -> u64 {
    let z = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Item keys of 10 characters in no order, and their codes.
fn data(items: usize) -> Result<(Vec<String>, Codes)> {
    let keys = (0..items as u64).map(|i| format!("B{:09}", i.wrapping_mul(618_033_989) % 1_000_000_000)).collect();
    let codes = (0..(items * LEVELS) as u64).map(|i| (mix(i + 1) % 256) as u32).collect();
    Ok((keys, Codes::new(codes, LEVELS)?))
}

fn open(path: &Path) -> Result<Registry> {
    let manifest = Manifest::new("bench", LEVELS, Resolver::default(), IdFormat::plain("-"))?;
    Registry::new(SqliteStore::open(path)?, manifest, b"")
}

/// Assigns all items in batches; returns how many were new.
fn assign(registry: &mut Registry, keys: &[String], codes: &Codes) -> Result<u64> {
    let mut new = 0;
    let rows: Vec<&[u32]> = codes.rows().collect();
    for (keys, rows) in keys.chunks(BATCH).zip(rows.chunks(BATCH)) {
        new += registry.assign(keys, &Codes::new(rows.concat(), LEVELS)?)?.report.new;
    }
    Ok(new)
}

/// Prints the rate of `work`, which handles `items` items.
fn rate<T>(name: &str, items: usize, work: impl FnOnce() -> Result<T>) -> Result<T> {
    let start = Instant::now();
    let result = work()?;
    let seconds = start.elapsed().as_secs_f64();
    println!("{name:<44} {items:>9} items {seconds:>8.3} s {:>10.0} items/s", items as f64 / seconds);
    Ok(result)
}

fn new_items(folder: &Path) -> Result<()> {
    let (keys, codes) = data(NEW)?;
    for run in 1..=5 {
        let mut registry = open(&folder.join(format!("new-{run}.db")))?;
        let new = rate("new items", NEW, || assign(&mut registry, &keys, &codes))?;
        assert_eq!(new, NEW as u64);
    }
    Ok(())
}

fn known_items(folder: &Path, items: usize) -> Result<()> {
    let (keys, codes) = data(items)?;
    let path = folder.join("known.db");
    let mut registry = open(&path)?;
    rate("new items, a growing database", items, || assign(&mut registry, &keys, &codes))?;
    drop(registry);
    let bytes = std::fs::metadata(&path).map_or(0, |file| file.len());
    println!("{:<44} {:.1} bytes per item", "size", bytes as f64 / items as f64);

    let mut registry = open(&path)?;
    for name in ["known items assigned again, first", "known items assigned again"] {
        let new = rate(name, items, || assign(&mut registry, &keys, &codes))?;
        assert_eq!(new, 0);
    }
    rate("item to ID", items, || keys.iter().try_for_each(|key| registry.id(key).map(|id| drop(black_box(id)))))?;
    rate("all items in order", items, || {
        registry.records(&[]).try_for_each(|record| record.map(|r| drop(black_box(r))))
    })
}

fn main() -> Result<()> {
    let items = std::env::var("SEMID_BENCH_ITEMS").ok().and_then(|items| items.parse().ok()).unwrap_or(1_000_000);
    let folder = match std::env::var_os("SEMID_BENCH_DIR") {
        Some(folder) => tempfile::tempdir_in(folder),
        None => tempfile::tempdir(),
    };
    let folder = folder.expect("a folder to work in");
    new_items(folder.path())?;
    known_items(folder.path(), items)
}
