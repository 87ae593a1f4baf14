//! Other writers may write during a search; its result counts only if none of them did.

use super::{Geometry, ItemBatch};
use crate::codes::Codes;
use crate::error::Result;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::store::{Manifest, MemoryStore, SqliteStore, Store};
use crate::id::{Registry, SemanticId};
use crate::quantizer::Costs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

/// Distances between codes; the first question for them runs an action.
struct Disturbed<F> {
    first: Mutex<Option<F>>,
}

impl<F: FnOnce() + Send> Costs for Disturbed<F> {
    fn distances(&self, item: usize, _: &[u32]) -> Result<Vec<u64>> {
        let first = self.first.lock().unwrap().take();
        first.into_iter().for_each(|disturb| disturb());
        Ok((0..4).map(|code: u64| code.abs_diff(item as u64 % 4).pow(2)).collect())
    }
}

fn manifest() -> Manifest {
    Manifest::new("model", 2, Resolver::reassign(), IdFormat::plain("-")).unwrap()
}

/// Registers items a, b, c, ... with these codes.
fn assign(registry: &mut Registry, codes: &[[u32; 2]], disturb: impl FnOnce() + Send) -> Vec<SemanticId> {
    let costs = Disturbed { first: Mutex::new(Some(disturb)) };
    let items = ["a", "b", "c", "d", "e", "f"];
    let codes_of = Codes::new(codes.concat(), 2).unwrap();
    let geometry = Some(Geometry { costs: &costs, clusters: &[4, 4], fixed: 0, squared_step: 1.0, candidates: None });
    let batch = ItemBatch { items: &items[..codes.len()], codes: &codes_of, first_row: 0, geometry };
    let assigned = registry.assign_batch(&batch).unwrap();
    assert!(costs.first.lock().unwrap().is_none(), "nothing was searched");
    assigned.assignments.into_iter().map(|assignment| assignment.id).collect()
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open_with(path, Duration::from_millis(50)).unwrap()
}

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ids.db");
    drop(Registry::new(open(&path), manifest(), b"").unwrap());
    (folder, path)
}

const CROWD: [[u32; 2]; 5] = [[1, 2]; 5];

#[test]
fn others_may_write_during_a_search() {
    let (_folder, path) = place();
    let mut registry = Registry::open(open(&path)).unwrap();
    let found = assign(&mut registry, &CROWD, || {
        let mut other = open(&path);
        other.begin().expect("the store is locked during the search");
        other.rollback().unwrap();
    });
    let mut alone = Registry::new(MemoryStore::new(), manifest(), b"").unwrap();
    assert_eq!(found, assign(&mut alone, &CROWD, || {}));
}

/// A place that another writer took meanwhile is not given again: the result is that of a new search.
#[test]
fn a_search_is_done_again_where_places_were_taken_meanwhile() {
    let (_folder, path) = place();
    let taken = [[1, 1], [1, 3], [2, 0]];
    let take = |registry: &mut Registry| {
        for (i, codes) in taken.iter().enumerate() {
            let store = Codes::new(codes.to_vec(), 2).unwrap();
            let costs = Disturbed { first: Mutex::new(None::<fn()>) };
            let geometry =
                Some(Geometry { costs: &costs, clusters: &[4, 4], fixed: 0, squared_step: 1.0, candidates: None });
            let item = format!("taken {i}");
            let items = [item.as_str()];
            let batch = ItemBatch { items: &items, codes: &store, first_row: 0, geometry };
            registry.assign_batch(&batch).unwrap();
        }
    };
    let mut registry = Registry::open(open(&path)).unwrap();
    let found = assign(&mut registry, &CROWD, || take(&mut Registry::open(open(&path)).unwrap()));
    assert!(!found.iter().any(|id| taken.iter().any(|codes| id.codes == codes)), "{found:?}");
    let mut after = Registry::new(MemoryStore::new(), manifest(), b"").unwrap();
    take(&mut after);
    assert_eq!(found, assign(&mut after, &CROWD, || {}));
}

/// An item of the batch that another writer registered meanwhile keeps that ID.
#[test]
fn a_search_is_done_again_where_an_item_was_registered_meanwhile() {
    let (_folder, path) = place();
    let mut registry = Registry::open(open(&path)).unwrap();
    let other = || {
        assign(&mut Registry::open(open(&path)).unwrap(), &[[1, 2], [1, 2]], || {});
    };
    let found = assign(&mut registry, &CROWD, other);
    let mut after = Registry::new(MemoryStore::new(), manifest(), b"").unwrap();
    let first = assign(&mut after, &[[1, 2], [1, 2]], || {});
    assert_eq!(found[..2], first);
    assert_eq!(found, assign(&mut after, &CROWD, || {}));
}
