mod damage;
mod hostile;
mod limits;
mod migrations;
mod readers;
mod sharing;
mod stopping;

use super::*;
use crate::codes::Codes;
use crate::error::ErrorKind;
use crate::id::store::conformance;
use crate::id::{IdFormat, Registry, Resolver};
use rusqlite::Connection;
use std::path::PathBuf;

/// A folder, and the path of a database in it.
struct Dir(tempfile::TempDir);

impl Dir {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn path(&self) -> PathBuf {
        // The name has characters that mean something in URIs; Windows allows no question mark.
        self.0.path().join(if cfg!(windows) { "ids %3f#.db" } else { "ids %3f?#.db" })
    }

    /// Makes a database with `items` items.
    fn with_items(items: usize) -> Self {
        let dir = Self::new();
        assign(&mut dir.registry(), 0..items).unwrap();
        dir
    }

    fn store(&self) -> SqliteStore {
        SqliteStore::open(self.path()).unwrap()
    }

    fn registry(&self) -> Registry {
        registry(self.store()).unwrap()
    }
}

fn registry(store: SqliteStore) -> Result<Registry> {
    let manifest = Manifest::new("model", 2, Resolver::default(), IdFormat::plain("-"))?;
    Registry::new(store, manifest, b"the model")
}

/// Assigns items named by numbers; item i has codes (i / 100, i % 10).
fn assign(registry: &mut Registry, items: std::ops::Range<usize>) -> Result<()> {
    let codes = items.clone().flat_map(|i| [(i / 100) as u32, (i % 10) as u32]).collect();
    let items: Vec<String> = items.map(|i| format!("item number {i}")).collect();
    registry.assign(&items, &Codes::new(codes, 2)?).map(|_| ())
}

/// Returns the items that are there; asserts that they have the IDs of an unbroken run and that look-ups agree.
fn intact(registry: &Registry) -> usize {
    let len = registry.len().unwrap() as usize;
    for i in 0..len {
        let (item, suffix) = (format!("item number {i}"), (i % 100 / 10) as u64);
        let id = registry.id(&item).unwrap().unwrap();
        assert_eq!(id, SemanticId::new(vec![(i / 100) as u32, (i % 10) as u32], suffix));
        assert_eq!(registry.find(&registry.text(&id, &item)).unwrap(), Holder::Item(item));
    }
    len
}

#[test]
fn it_conforms() {
    let dir = tempfile::tempdir().unwrap();
    let mut number = 0;
    conformance::check(|| {
        number += 1;
        SqliteStore::open(dir.path().join(format!("{number}.db"))).unwrap()
    });
    conformance::check_shared(|| {
        number += 1;
        let open = || SqliteStore::open(dir.path().join(format!("{number}.db"))).unwrap();
        (open(), open())
    });
}

#[test]
fn it_is_durable() {
    let dir = Dir::with_items(250);
    let store = dir.store();
    let text = |name: &str| {
        let session = store.session();
        session.row(&format!("PRAGMA {name}"), [], |row| row.get::<_, rusqlite::types::Value>(0)).unwrap()
    };
    assert_eq!(text("journal_mode"), Some("wal".to_owned().into()));
    assert_eq!(text("synchronous"), Some(2.into()));
    assert_eq!(store.options.busy_timeout, Duration::from_secs(30));
    assert_eq!(text("application_id"), Some(i64::from(schema::APPLICATION_ID).into()));
    assert_eq!(text("user_version"), Some(2.into()));
    store.check().unwrap();
    assert_eq!(intact(&registry(store).unwrap()), 250);
}

#[test]
fn look_ups_use_the_indexes() {
    let dir = Dir::with_items(10);
    let named = registry(dir.store().in_namespace("goods").unwrap()).unwrap();
    assert_eq!(named.len().unwrap(), 0);
    let store = dir.store();
    let named = dir.store().in_namespace("goods").unwrap();
    let cases = [
        (super::statements::ENTRY, "USING COVERING INDEX items@"),
        ("SELECT item FROM ids@ WHERE codes = ?1 AND suffix = ?2", "USING PRIMARY KEY (codes=? AND suffix=?)"),
        ("SELECT max(suffix) FROM ids@ WHERE codes = ?1", "USING PRIMARY KEY (codes=?)"),
        (super::statements::SCAN, "USING PRIMARY KEY"),
        (super::statements::RETIRED, "USING COVERING INDEX retired@ (former=? AND codes=?)"),
    ];
    for ((sql, plan), (store, ending)) in
        cases.into_iter().flat_map(|case| [(case, (&store, "")), (case, (&named, "_1"))])
    {
        let params = rusqlite::params_from_iter(vec![0; sql.matches('?').count()]);
        let session = store.session();
        let plan = &plan.replace('@', ending);
        let rows = session.rows(&format!("EXPLAIN QUERY PLAN {sql}"), params, |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<&String> = rows.iter().filter(|step| !step.ends_with("SUBQUERY 1")).collect();
        assert!(steps.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {rows:?}");
        assert!(steps.len() <= 2 && rows[0].contains(plan), "{sql}: {rows:?}");
    }
}
