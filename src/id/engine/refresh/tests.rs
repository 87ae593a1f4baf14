//! A refresh keeps all IDs but those of the items that gain most.

use super::*;
use crate::id::format::IdFormat;
use crate::id::resolver::Resolver;
use crate::id::store::{Holder, MemoryStore, SqliteStore, Store};
use crate::rq::{RqKMeansModel, WarmStart};
use crate::{Metric, RqKMeans};
use std::collections::HashMap;

const DIM: usize = 4;

fn values(rows: usize, stretch: f32) -> Vec<f32> {
    (0..rows * DIM).map(|i| ((i * i * 7 + i / 3) % 101) as f32 * stretch).collect()
}

fn items(rows: usize) -> Vec<String> {
    (0..rows).map(|row| format!("item {row}")).collect()
}

/// A model of 300 rows, and one that was fitted from it to 400 others.
fn models(params: &RqKMeans) -> (RqKMeansModel, RqKMeansModel) {
    let (old, new) = (values(300, 1.0), values(400, 1.3));
    let old = params.fit(&Matrix::new(&old, DIM).unwrap(), &Device::cpu()).unwrap();
    let start = WarmStart::new(&old).freeze_levels(0);
    let new = params.fit_from(&start, &Matrix::new(&new, DIM).unwrap(), &Device::cpu()).unwrap();
    (old, new)
}

fn engine(model: &RqKMeansModel, store: impl Store, resolver: Resolver) -> SemanticIdEngine {
    let mut engine = SemanticIdEngine::new(model.clone(), store, resolver, IdFormat::plain("-")).unwrap();
    let values = values(300, 1.0);
    engine.unique_ids(&Matrix::new(&values, DIM).unwrap(), &items(300), &Device::cpu()).unwrap();
    engine
}

/// The squared distance of a row at some codes, in grid steps, from the grid and the codewords alone.
fn squared(model: &RqKMeansModel, row: &[f32], codes: &[u32]) -> i64 {
    let mut q = [0; DIM];
    model.grid().quantize(row, &mut q);
    for (level, code) in model.levels().iter().zip(codes) {
        q.iter_mut().zip(level.codeword(*code as usize).unwrap()).for_each(|(q, c)| *q -= c);
    }
    q.iter().map(|q| i64::from(*q).pow(2)).sum()
}

#[test]
fn the_best_moves_and_no_others() {
    let (old, new) = models(&RqKMeans::new(2, 6));
    let values = values(320, 1.3);
    let rows = Matrix::new(&values, DIM).unwrap();
    let codes = new.encode(&rows, &Device::cpu()).unwrap();
    for resolver in [Resolver::default(), Resolver::Suffix { always: true }, Resolver::ItemId] {
        let mut engine = engine(&old, MemoryStore::new(), resolver);
        let before: HashMap<String, SemanticId> =
            engine.registry().records(&[]).map(|record| record.unwrap()).map(|of| (of.item, of.entry.id)).collect();
        engine.adopt_model(new.clone()).unwrap();
        // The rule once more: every row by its own, in integers.
        let mut expected = Vec::new();
        for ((row, codes), item) in values.chunks(DIM).zip(codes.rows()).zip(items(320)) {
            let Some(id) = before.get(&item) else { continue };
            let (was, is) = (squared(&new, row, &id.codes), squared(&new, row, codes));
            if 10 * (was - is) > 3 * was {
                expected.push((is - was, item, codes.to_vec()));
            }
        }
        expected.sort();
        assert!(expected.len() > 20, "{}", expected.len());
        let mut logged = Vec::new();
        let limits = MoveLimits { gain: 0.3, at_most: 15 };
        let report = engine.move_if_gain(&rows, &items(320), &Device::reference(), &limits, |moves| {
            logged = moves.to_vec();
            Ok(())
        });
        let report = report.unwrap();
        assert_eq!((report.items, report.unknown, report.moved), (320, 20, 15));
        assert_eq!(report.gaining, expected.len() as u64);
        let found: Vec<_> = logged.iter().map(|of| (of.item.clone(), of.to.codes.clone())).collect();
        assert_eq!(
            found,
            expected.iter().take(15).map(|(_, item, codes)| (item.clone(), codes.clone())).collect::<Vec<_>>()
        );
        let unit = engine.model().step().powi(2);
        assert_eq!(logged[0].gain(), logged[0].before - logged[0].after);
        assert!((logged[0].gain() / unit + expected[0].0 as f64).abs() < 1e-6 * expected[0].0.abs() as f64);
        // Old IDs are retired, new ones belong to the items, and nobody else has moved.
        let registry = engine.registry();
        for of in &logged {
            assert_eq!(of.from, before[&of.item]);
            assert_eq!(registry.find(&registry.text(&of.from, &of.item)).unwrap(), Holder::Retired);
            assert_eq!(registry.find(&registry.text(&of.to, &of.item)).unwrap(), Holder::Item(of.item.clone()));
        }
        let moved: Vec<&String> = logged.iter().map(|of| &of.item).collect();
        for (item, id) in before.iter().filter(|(item, _)| !moved.contains(item)) {
            assert_eq!(registry.id(item).unwrap().as_ref(), Some(id));
        }
        assert_eq!(registry.len().unwrap(), 300);
        // The next run takes the next best ones; with all of them moved, nothing is left.
        let mut again = |at_most| {
            let limits = MoveLimits { gain: 0.3, at_most };
            engine.move_if_gain(&rows, &items(320), &Device::cpu(), &limits, |_| Ok(())).unwrap()
        };
        assert_eq!((again(0).moved, again(0).gaining), (0, expected.len() as u64 - 15));
        assert_eq!(again(1000).moved, expected.len() as u64 - 15);
        assert_eq!(again(1000).gaining, 0);
    }
}

#[test]
fn a_failure_of_the_log_undoes_all_moves() {
    let (old, new) = models(&RqKMeans::new(2, 6));
    let mut engine = engine(&old, MemoryStore::new(), Resolver::default());
    engine.adopt_model(new).unwrap();
    let values = values(300, 1.3);
    let rows = Matrix::new(&values, DIM).unwrap();
    let limits = MoveLimits { gain: 0.0, at_most: 50 };
    let ids = |engine: &SemanticIdEngine| engine.registry().entries(&items(300)).unwrap();
    let before = ids(&engine);
    let error = engine.move_if_gain(&rows, &items(300), &Device::cpu(), &limits, |_| Err(ErrorKind::Cancelled.into()));
    assert!(matches!(error.unwrap_err().kind(), ErrorKind::Cancelled));
    assert_eq!(ids(&engine), before);
    assert_eq!(engine.move_if_gain(&rows, &items(300), &Device::cpu(), &limits, |_| Ok(())).unwrap().moved, 50);
    assert_ne!(ids(&engine), before);
}

#[test]
fn a_model_is_adopted_for_all_namespaces_and_older_writers_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| SqliteStore::open(folder.path().join("ids.db")).unwrap().in_namespace(name).unwrap();
    let (old, new) = models(&RqKMeans::new(2, 6));
    let mut goods = engine(&old, open("goods"), Resolver::default());
    let mut videos = engine(&old, open("videos"), Resolver::ItemId);
    let before = videos.registry().entries(&items(300)).unwrap();
    goods.adopt_model(new.clone()).unwrap();
    goods.adopt_model(new.clone()).unwrap();
    let manifest = goods.registry().manifest();
    assert_eq!(
        (manifest.fingerprint(), manifest.former_fingerprints()),
        (&*new.fingerprint(), &[old.fingerprint()][..])
    );
    // The other one still has the older model, and neither assigns nor moves.
    let values = values(310, 1.0);
    let rows = Matrix::new(&values, DIM).unwrap();
    let error = videos.unique_ids(&rows, &items(310), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherModel { .. }), "{error}");
    let limits = MoveLimits { gain: 0.0, at_most: 5 };
    let error = videos.move_if_gain(&rows, &items(310), &Device::cpu(), &limits, |_| Ok(())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherModel { .. }), "{error}");
    let mut videos = SemanticIdEngine::open(open("videos")).unwrap();
    assert_eq!(
        (videos.model().fingerprint(), videos.registry().entries(&items(300)).unwrap()),
        (new.fingerprint(), before)
    );
    assert_eq!(videos.unique_ids(&rows, &items(310), &Device::cpu()).unwrap().1.new, 10);
    // A model of the model before, which another process has replaced.
    let (_, other) = models(&RqKMeans::new(2, 6).max_iter(1));
    let mut stale = SemanticIdEngine::open(open("goods")).unwrap();
    let start = WarmStart::new(&new);
    let newest = RqKMeans::new(2, 6).max_iter(1).fit_from(&start, &rows, &Device::cpu()).unwrap();
    videos.adopt_model(newest.clone()).unwrap();
    assert!(matches!(stale.adopt_model(other).unwrap_err().kind(), ErrorKind::NoRefresh { .. }));
    stale.adopt_model(newest).unwrap();
    assert_eq!(stale.registry().manifest().former_fingerprints().len(), 2);
}

#[test]
fn what_is_no_refresh_is_refused() {
    let (old, new) = models(&RqKMeans::new(2, 6));
    let mut engine = engine(&old, MemoryStore::new(), Resolver::default());
    let mut refused = |model: &RqKMeansModel, says: &str| {
        let error = engine.adopt_model(model.clone()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::NoRefresh { .. }) && error.to_string().contains(says), "{error}");
    };
    let values = values(300, 1.3);
    let rows = Matrix::new(&values, DIM).unwrap();
    let fit = |params: RqKMeans| params.fit(&rows, &Device::cpu()).unwrap();
    refused(&fit(RqKMeans::new(2, 6)), "neither fitted from that model");
    refused(&fit(RqKMeans::new(3, 6)), "clusters");
    refused(&fit(RqKMeans::new(2, 6).metric(Metric::Cosine)), "metric");
    // A refresh of a refresh skips the one between.
    let start = WarmStart::new(&new);
    refused(&RqKMeans::new(2, 6).fit_from(&start, &rows, &Device::cpu()).unwrap(), "neither fitted");
    // An aligned model has the numbers of the older one.
    let aligned = Model::from(fit(RqKMeans::new(2, 6))).align_to(&old.clone().into(), &rows, &Device::cpu()).unwrap().0;
    engine.adopt_model(aligned).unwrap();
}

#[test]
fn what_cannot_move() {
    let params = RqKMeans::new(2, 6);
    let (old, _) = models(&params);
    let values = values(300, 1.3);
    let rows = Matrix::new(&values, DIM).unwrap();
    let refused = |engine: &mut SemanticIdEngine, gain: f64, says: &str| {
        let limits = MoveLimits { gain, at_most: 5 };
        let error = engine.move_if_gain(&rows, &items(300), &Device::cpu(), &limits, |_| Ok(())).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { .. }) && error.to_string().contains(says), "{error}");
    };
    let mut suffix = engine(&old, MemoryStore::new(), Resolver::default());
    for gain in [-0.1, f64::NAN, f64::INFINITY] {
        refused(&mut suffix, gain, "gain");
    }
    refused(&mut engine(&old, MemoryStore::new(), Resolver::reassign()), 0.1, "reassign");
    let normalized = models(&params.normalize_residuals(true)).0;
    refused(&mut engine(&normalized, MemoryStore::new(), Resolver::default()), 0.1, "without normalised residuals");
    let limits = MoveLimits { gain: 0.1, at_most: 5 };
    let error = suffix.move_if_gain(&rows, &items(7), &Device::cpu(), &limits, |_| Ok(())).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::RowCount { found: 7, rows: 300, .. }), "{error}");
}
