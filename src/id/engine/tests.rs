use super::*;
use crate::id::semantic_id::SemanticId;
use crate::id::store::MemoryStore;
use crate::rows::Matrix;
use crate::{RqKMeans, RqKMeansModel};

const DIM: usize = 4;

fn values(rows: usize) -> Vec<f32> {
    (0..rows * DIM).map(|i| ((i * i * 7 + i / 3) % 101) as f32).collect()
}

fn model(seed: u64) -> RqKMeansModel {
    let values = values(300);
    RqKMeans::new(2, 5).seed(seed).fit(&Matrix::new(&values, DIM).unwrap(), &Device::cpu()).unwrap()
}

fn items(rows: usize) -> Vec<String> {
    (0..rows).map(|row| format!("item {row}")).collect()
}

fn engine(store: impl Store) -> SemanticIdEngine {
    SemanticIdEngine::new(model(1), store, Resolver::default(), IdFormat::plain("-")).unwrap()
}

fn assign(engine: &mut SemanticIdEngine, rows: usize) -> (Vec<String>, AssignReport) {
    let values = values(rows);
    engine.unique_ids(&Matrix::new(&values, DIM).unwrap(), &items(rows), &Device::cpu()).unwrap()
}

#[test]
fn ids_are_unique_and_the_same_again_on_every_device() {
    let mut first = engine(MemoryStore::new());
    let (ids, report) = assign(&mut first, 500);
    assert_eq!((report.items, report.new, report.kept), (500, 500, 0));
    assert_eq!(ids.iter().collect::<std::collections::HashSet<_>>().len(), 500);
    assert!(report.collisions >= 475, "500 items at 25 codes: {report:?}");
    assert_eq!(
        assign(&mut first, 500),
        (ids.clone(), AssignReport { items: 500, kept: 500, ..AssignReport::default() })
    );
    let values = values(500);
    let mut second = engine(MemoryStore::new());
    let rows = Matrix::new(&values, DIM).unwrap();
    assert_eq!(second.unique_ids(&rows, &items(500), &Device::reference()).unwrap().0, ids);
    // The codes in every ID are those that encode returns.
    let codes = first.model().encode(&rows, &Device::cpu()).unwrap();
    for (id, codes) in ids.iter().zip(codes.rows()) {
        assert_eq!(first.registry().parse_prefix(&id.split('-').take(2).collect::<Vec<_>>().join("-")).unwrap(), codes);
    }
}

/// Small batches are encoded by a prepared encoder, which follows the device and numbers bad rows as all others are.
#[test]
fn items_one_at_a_time_get_the_ids_of_all_together() {
    let (ids, _) = assign(&mut engine(MemoryStore::new()), 90);
    let (mut one, mut values) = (engine(MemoryStore::new()), values(90));
    for (row, (id, item)) in ids.iter().zip(items(90)).enumerate() {
        let device = if row % 3 == 0 { Device::reference() } else { Device::cpu() };
        let found = one.unique_ids(&Matrix::new(row_of(row, &values), DIM).unwrap(), &[item], &device).unwrap().0;
        assert_eq!(&found, std::slice::from_ref(id), "{row}");
    }
    values[70 * DIM] = f32::NAN;
    let mut again = engine(MemoryStore::new()).batch_rows(NonZeroUsize::new(64).unwrap());
    let error = again.unique_ids(&Matrix::new(&values, DIM).unwrap(), &items(90), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::NotFinite { row: 70, column: 0, .. }), "{error}");
}

fn row_of(row: usize, values: &[f32]) -> &[f32] {
    &values[row * DIM..(row + 1) * DIM]
}

#[test]
fn an_engine_is_fitted_with_parameters_of_any_kind() {
    let values = values(300);
    let (rows, device) = (Matrix::new(&values, DIM).unwrap(), Device::cpu());
    let network = crate::RqVae::new(2, 5).hidden([6]).latent(3).epochs(1).batch(50);
    let k_means = RqKMeans::new(2, 5);
    let kinds: [(&dyn Trainer, String); 2] = [
        (&network, network.fit(&rows, &device).unwrap().fingerprint()),
        (&k_means, k_means.fit(&rows, &device).unwrap().fingerprint()),
    ];
    for (params, fingerprint) in kinds {
        let (resolver, format) = (Resolver::default(), IdFormat::plain("-"));
        let fitted = SemanticIdEngine::fit(&rows, params, &device, MemoryStore::new(), resolver, format).unwrap();
        assert_eq!(fitted.model().fingerprint(), fingerprint, "{params:?}");
    }
}

#[test]
fn repeated_items_are_one_across_batches() {
    let rows = BATCH + 10;
    let values: Vec<f32> = (0..rows * DIM).map(|i| (i / DIM % 7 * 16) as f32).collect();
    let matrix = Matrix::new(&values, DIM).unwrap();
    let mut keys = items(rows);
    let mut engine = engine(MemoryStore::new());
    let group = |row: usize| row % 7;
    let same = (0..BATCH).find(|row| group(*row) == group(BATCH + 3)).unwrap();
    keys[BATCH + 3] = format!("item {same}");
    let (ids, report) = engine.unique_ids(&matrix, &keys, &Device::cpu()).unwrap();
    assert_eq!((report.new, report.kept), (rows as u64 - 1, 1));
    assert_eq!(ids[BATCH + 3], ids[same]);
    let codes = engine.model().encode(&matrix, &Device::cpu()).unwrap();
    let other = (0..7).find(|row| codes.get(*row) != codes.get(BATCH + 3)).unwrap();
    keys[BATCH + 3] = format!("item {other}");
    let error = engine.unique_ids(&matrix, &keys, &Device::cpu()).unwrap_err();
    assert!(
        matches!(error.kind(), ErrorKind::RepeatedItem { first, row, .. } if (*first, *row) == (other, BATCH + 3)),
        "{error}"
    );
}

#[test]
fn colliding_items_move_where_there_is_room() {
    let new = |capacity: u32| {
        let resolver = Resolver::Reassign { capacity: capacity.try_into().unwrap() };
        SemanticIdEngine::new(model(1), MemoryStore::new(), resolver, IdFormat::plain("-")).unwrap()
    };
    // 25 codes: with one item each, 20 items fit; with two, 45; more need a suffix beyond the capacity.
    for (capacity, fit, more) in [(1, 20, 30), (2, 45, 60)] {
        let mut engine = new(capacity);
        let (ids, report) = assign(&mut engine, fit);
        let held: Vec<u64> =
            engine.registry().store().used_below(&[&[]]).unwrap()[0].iter().map(|(_, used)| *used).collect();
        assert!(held.iter().all(|used| *used <= u64::from(capacity)), "{held:?}");
        assert!(report.moved > 0 && report.collisions > 0 && report.added_distance != 0.0, "{report:?}");
        let moved = |record: &crate::registry::ItemRecord| record.entry.encoded.is_some();
        let moved = engine.registry().records(&[]).filter(|record| record.as_ref().is_ok_and(moved)).count();
        assert_eq!(moved as u64, report.moved);
        assert_eq!(assign(&mut engine, fit).0, ids, "published items stay");
        let (later, report) = assign(&mut engine, more);
        assert_eq!((&later[..fit], report.changed), (&ids[..], 0));
        assert_eq!(later.iter().collect::<std::collections::HashSet<_>>().len(), more);
        let places = engine.registry().store().used_below(&[&[]]).unwrap().remove(0);
        assert!(places.len() == 25 && places.iter().all(|(_, used)| *used >= u64::from(capacity)), "{places:?}");
    }
}

#[test]
fn as_many_items_as_rows() {
    let values = values(3);
    let result = engine(MemoryStore::new()).unique_ids(&Matrix::new(&values, DIM).unwrap(), &items(2), &Device::cpu());
    let error = result.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { found: 2, rows: 3, .. }), "{error}");
}

#[test]
fn the_nearest_are_those_of_a_full_sort() {
    let mut engine = engine(MemoryStore::new());
    assign(&mut engine, 120);
    engine.registry_mut().remove(&["item 5", "item 6"]).unwrap();
    let all: Vec<(String, SemanticId)> = engine
        .registry()
        .records(&[])
        .map(|record| record.map(|record| (record.item, record.entry.id)).unwrap())
        .collect();
    let decoded = |id: &SemanticId| {
        engine.model().decode(&crate::Codes::new(id.codes.clone(), 2).unwrap(), &Device::cpu()).unwrap()
    };
    for (item, id) in all.iter().step_by(7) {
        let own = decoded(id);
        let mut expected: Vec<(usize, f64, SemanticId, String)> = Vec::new();
        for (other, other_id) in all.iter().filter(|(other, _)| other != item) {
            let shared = id.codes.iter().zip(&other_id.codes).take_while(|(a, b)| a == b).count();
            let squares = own.iter().zip(decoded(other_id)).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2));
            expected.push((shared, squares.sum(), other_id.clone(), other.clone()));
        }
        expected.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2)));
        for k in [0, 1, 3, 10, 40, 200] {
            let found = engine.nearest(item, k).unwrap();
            assert_eq!(found.len(), k.min(all.len() - 1));
            for (found, (shared, distance, ..)) in found.iter().zip(&expected) {
                assert_eq!(found.shared, *shared);
                assert!((found.squared_distance - distance).abs() <= 1e-3 * distance.max(1.0), "{found:?} {distance}");
            }
            let set = |len: usize| expected.iter().take(len).map(|e| &e.3).collect::<std::collections::BTreeSet<_>>();
            // Equal distances may differ in the last bit here, so sets are compared where no tie is cut.
            let cut = expected
                .get(k)
                .zip(expected.get(k.wrapping_sub(1)))
                .is_some_and(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-3);
            if !cut {
                assert_eq!(
                    found.iter().map(|found| &found.item).collect::<std::collections::BTreeSet<_>>(),
                    set(k),
                    "{item} {k}"
                );
            }
        }
    }
    let error = engine.nearest("item 5", 3).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::UnknownItem { .. }), "{error}");
}

#[cfg(feature = "sqlite")]
mod files {
    use super::*;
    use crate::id::store::Holder;
    use crate::registry::SqliteStore;

    /// An item and its neighbours, as a look-up shows them, while another engine removes and adds items.
    #[test]
    fn a_snapshot_reads_items_and_their_neighbours_of_one_moment() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids.db");
        let mut writer = engine(SqliteStore::open(&path).unwrap());
        assign(&mut writer, 60);
        let reader = SemanticIdEngine::load(&path).unwrap();
        let snapshot = reader.snapshot().unwrap();
        let read = |engine: &SemanticIdEngine| {
            let near = engine.nearest("item 3", 59).unwrap();
            near.into_iter().map(|near| (near.item, near.id)).collect::<Vec<_>>()
        };
        let before = (snapshot.registry().entry("item 3").unwrap(), read(&snapshot));
        assert!(before.0.is_some() && before.1.len() == 59);
        let gone: Vec<String> = (10..60).map(|row| format!("item {row}")).collect();
        writer.registry_mut().remove(&gone.iter().map(String::as_str).collect::<Vec<_>>()).unwrap();
        assign(&mut writer, 90);
        assert_eq!((snapshot.registry().entry("item 3").unwrap(), read(&snapshot)), before);
        assert_ne!(read(&reader.snapshot().unwrap()).len(), 0);
        assert!(reader.nearest("item 80", 3).is_ok() && snapshot.nearest("item 80", 3).is_err());
    }

    #[test]
    fn engines_are_saved_and_loaded_with_all_they_know() {
        let dir = tempfile::tempdir().unwrap();
        let saved = dir.path().join("engine.db");
        let store = SqliteStore::open(dir.path().join("ids.db")).unwrap();
        for mut engine in [engine(MemoryStore::new()), engine(store)] {
            let (ids, _) = assign(&mut engine, 200);
            engine.registry_mut().remove(&["item 7", "item 8"]).unwrap();
            assign(&mut engine, 8); // item 7 is back
            engine.save(&saved).unwrap();
            let mut loaded = SemanticIdEngine::load(&saved).unwrap();
            assert_eq!(loaded.model(), engine.model());
            assert_eq!(loaded.registry().manifest(), engine.registry().manifest());
            let records = |engine: &SemanticIdEngine| engine.registry().store().scan(&[], None, 1000).unwrap();
            assert_eq!(records(&loaded), records(&engine));
            assert_eq!(records(&loaded).len(), 201);
            assert_eq!(records(&loaded).iter().filter(|record| record.former.is_some()).count(), 2);
            assert_eq!(loaded.registry().find(&ids[7]).unwrap(), Holder::Retired);
            let (again, report) = assign(&mut loaded, 220);
            assert_eq!((report.new, report.kept), (21, 199)); // item 8, and 20 others
            assert!(again[7] != ids[7] && again[8] != ids[8] && again[..7] == ids[..7] && again[9..200] == ids[9..]);
            let store: &dyn std::any::Any = loaded.registry().store();
            store.downcast_ref::<SqliteStore>().unwrap().check().unwrap();
        }
        let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(names.len(), 1 + 1, "{names:?}"); // engine.db and ids.db
    }

    #[test]
    fn a_database_in_use_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids.db");
        let mut engine = engine(SqliteStore::open(&path).unwrap());
        assign(&mut engine, 20);
        let error = engine.save(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "path", .. }), "{error}");
        assert_eq!(engine.registry().len().unwrap(), 20);
    }

    #[test]
    fn another_model_is_refused_with_both_fingerprints() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("ids.db");
        drop(engine(SqliteStore::open(&path).unwrap()));
        let store = SqliteStore::open(&path).unwrap();
        let error = SemanticIdEngine::new(model(2), store, Resolver::default(), IdFormat::plain("-")).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OtherModel { .. }), "{error}");
        for seed in [1, 2] {
            assert!(error.to_string().contains(&model(seed).fingerprint()), "{error}");
        }
    }

    #[test]
    fn a_model_that_is_not_the_one_named_is_damage() {
        let manifest = Manifest::new(&model(1).fingerprint(), 2, Resolver::default(), IdFormat::plain("-")).unwrap();
        let mut store = MemoryStore::new();
        store.set_manifest(&manifest, &model(2).to_bytes().unwrap()).unwrap();
        let error = SemanticIdEngine::open(store).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::DamagedRegistry { .. }), "{error}");
    }

    #[test]
    fn missing_files_are_not_made() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("none.db");
        let error = SemanticIdEngine::load(&path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
        assert!(!path.exists());
    }
}

/// Twelve items at each of four first codes with five codes below, or more of them at the first one than the 16 places.
fn crowded(first: usize) -> (Vec<f32>, Vec<String>) {
    let items = |code: usize| if code == 0 { first } else { 12 };
    let values = (0..4).flat_map(|code| (0..items(code)).map(move |i| (100 * code + i % 5) as f32)).collect::<Vec<_>>();
    let names = (0..values.len()).map(|row| format!("item {row}")).collect();
    (values, names)
}

/// The IDs of one engine, and those of an engine for each first code, in the order of the rows.
fn alone_and_in_parts(first: usize) -> (Vec<String>, Vec<String>) {
    let below: Vec<f32> = (0..16).map(|code| code as f32).collect();
    let model = RqKMeansModel::from_codewords(&[&[0.0, 100.0, 200.0, 300.0], &below], 1).unwrap();
    let engine = || {
        let resolver = Resolver::reassign();
        SemanticIdEngine::new(model.clone(), MemoryStore::new(), resolver, IdFormat::plain("-")).unwrap()
    };
    let ids = |values: &[f32], items: &[String]| {
        engine().unique_ids(&Matrix::new(values, 1).unwrap(), items, &Device::cpu()).unwrap().0
    };
    let (values, items) = crowded(first);
    let part = |value: &f32| (*value / 100.0) as usize;
    let (mut parts, mut start) = (Vec::new(), 0);
    for values in values.chunk_by(|a, b| part(a) == part(b)) {
        parts.extend(ids(values, &items[start..start + values.len()]));
        start += values.len();
    }
    (ids(&values, &items), parts)
}

/// What docs/scale.md says of a catalogue that is split by the first code.
#[test]
fn parts_of_reassign_are_one_registry_only_below_capacity() {
    let different = |ids: &[String]| ids.iter().collect::<std::collections::HashSet<_>>().len();
    let (alone, parts) = alone_and_in_parts(16);
    assert_eq!(alone, parts);
    assert_eq!(different(&parts), parts.len());
    let (alone, parts) = alone_and_in_parts(20);
    assert_eq!(different(&alone), alone.len());
    assert!(different(&parts) < parts.len(), "items of the first part take IDs of another: {parts:?}");
}
