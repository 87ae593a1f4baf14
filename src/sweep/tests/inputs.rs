//! Sweeps whose fits take weights, labels, a model to start from, several embeddings or mixed rows.

use super::{DIM, branching, network, place, run, values};
use crate::blocks::Blocks;
use crate::metrics::{Evaluation, weighted_errors};
use crate::rq::WarmStart;
use crate::sweep::{Sweep, SweepMetric, SweepRecord};
use crate::{
    Device, ErrorKind, LabelledFit, Labels, Matrix, Model, PqKMeans, RqKMeans, RqKMeansModel, UnknownLabel, Weights,
};

const ROWS: usize = 150;

fn weights() -> Weights {
    Weights::new((0..ROWS as u64).map(|row| row * 7 % 4)).unwrap()
}

/// Two columns of labels; every fifth row has none in the first.
fn labels() -> Labels {
    let first = |row: usize| (!row.is_multiple_of(5)).then(|| ["tea", "cup", "pot"][row * row % 3]);
    let second = |row: usize| Some(["red", "blue"][row % 2]);
    Labels::new([
        ("kind", (0..ROWS).map(first).collect::<Vec<_>>()),
        ("colour", (0..ROWS).map(second).collect::<Vec<_>>()),
    ])
    .unwrap()
}

fn k_means(record: &SweepRecord) -> RqKMeans {
    let of = &record.parameters;
    RqKMeans::new(of.levels, of.clusters.clone()).seed(of.seed)
}

/// Lists of clusters that begin alike, without what is measured about neighbours.
fn grid() -> Sweep {
    branching().kinds([RqKMeans::new(1, 1).into()]).seeds([42]).evaluation(Evaluation::new().k(0))
}

/// The levels of labels come before shared levels, which are fitted once and subtracted once.
#[test]
fn runs_with_labels_are_the_labelled_fits() {
    let (values, device, labels) = (values(), Device::cpu(), labels());
    let rows = Matrix::new(&values, DIM).unwrap();
    for unknown in [UnknownLabel::Nearest, UnknownLabel::Reserve] {
        let (_folder, path) = place();
        let sweep = grid().labels(labels.clone(), unknown);
        let records = run(&sweep, &path);
        assert_eq!(records.len(), 10);
        for record in &records {
            let fit = LabelledFit::new(&labels).unknown(unknown);
            let model = k_means(record).fit_labelled(&rows, &fit, &device).unwrap();
            assert_eq!(record.fingerprint, model.fingerprint(), "{:?}", record.parameters);
            let codes = model.encoder().labels(&labels).encode(&rows, &device).unwrap();
            let metrics =
                sweep.evaluation.run_on_codes(&model, &rows, &codes, &device, |_| std::ops::ControlFlow::Continue(()));
            assert_eq!(record.metrics, metrics.unwrap(), "{:?}", record.parameters);
            assert_eq!(record.metrics.codes.levels.len(), 2 + record.parameters.levels);
            assert!(sweep.model(record, &rows, &device).unwrap() == model.into());
        }
    }
}

#[test]
fn runs_with_weights_are_the_weighted_fits_and_measure_so() {
    let (values, device, weights) = (values(), Device::cpu(), weights());
    let rows = Matrix::new(&values, DIM).unwrap();
    let (_folder, path) = place();
    let records = run(&grid().weights(weights.clone()), &path);
    for record in &records {
        let model = k_means(record).fit_weighted(&rows, &weights, &device).unwrap();
        assert_eq!(record.fingerprint, model.fingerprint(), "{:?}", record.parameters);
        let codes = model.encode(&rows, &device).unwrap();
        let expected = weighted_errors(&model, &rows, &codes, &weights, &device).unwrap();
        assert_eq!(record.weighted.as_ref(), Some(&expected));
        let value = |name: &str| SweepMetric::named(name).unwrap().value(record);
        assert_eq!(value("weighted_mse"), Some(expected.mse));
        let neighbors = record.metrics.neighbors.as_ref();
        let recall = neighbors.and_then(|neighbors| neighbors.weighted_recall_at_k);
        assert_eq!(value("weighted_recall_at_k.prefix"), recall.map(|recall| recall.prefix.value));
        assert_eq!(recall.is_some(), neighbors.is_some());
        assert_eq!(value("weighted_squared_error_per_row"), Some(expected.squared_error_per_row));
    }
    // The weights differ in what they change.
    assert_ne!(records[3].fingerprint, run(&grid(), &place().1)[3].fingerprint);
}

#[test]
fn runs_from_a_model_are_its_warm_starts() {
    let (values, device) = (values(), Device::cpu());
    let (rows, older) = (Matrix::new(&values, DIM).unwrap(), Matrix::new(&values[..100 * DIM], DIM).unwrap());
    let old: RqKMeansModel = RqKMeans::new(2, [8, 5]).fit(&older, &device).unwrap();
    let sweep = Sweep::new([2], [[8, 5]]).freeze_levels([0, 2, 1]).evaluation(Evaluation::new().k(0));
    let sweep = sweep.warm_start(Model::from(old.clone()));
    let (folder, path) = place();
    let models = folder.path().join("models");
    let records = run(&sweep.clone().models(models.as_path()), &path);
    let names: Vec<String> = records.iter().map(|record| record.parameters.name()).collect();
    assert_eq!(names, ["", "-frozen2", "-frozen1"].map(|frozen| format!("rq-kmeans{frozen}-8-5-seed42")));
    for (record, frozen) in records.iter().zip([0, 2, 1]) {
        let start = WarmStart::new(&old).freeze_levels(frozen);
        let model = k_means(record).fit_from(&start, &rows, &device).unwrap();
        assert_eq!((record.parameters.frozen, &record.fingerprint), (frozen, &model.fingerprint()));
        let saved = models.join(format!("{}.safetensors", record.parameters.name()));
        assert!(Model::load(saved).unwrap() == model.into());
    }
    assert_eq!(records[1].fingerprint, old.fingerprint());
    // Frozen levels are parameters of the grid, whose files have them.
    let text = serde_json::to_string(&sweep).unwrap();
    let read: Sweep = serde_json::from_str(&text).unwrap();
    assert_eq!((read.get_freeze_levels(), text.contains("freeze_levels")), (&[0, 2, 1][..], true));
    assert!(!serde_json::to_string(&grid()).unwrap().contains("freeze_levels"));
}

/// Models of a sweep have the blocks of its rows and the record of pairs, as those of single fits have.
#[test]
fn models_keep_blocks_and_the_weight_of_pairs() {
    let (values, device) = (values(), Device::cpu());
    let plain = Matrix::new(&values, DIM).unwrap();
    let blocks = Blocks::fit(&plain, [("text", 1, 1.0), ("image", DIM - 1, 0.5)], None).unwrap();
    let rows = blocks.rows(&plain).unwrap();
    let (_folder, path) = place();
    let sweep = grid().blocks(blocks.clone()).pair_weight(0.25);
    for record in sweep.run(&rows, &device, &path).unwrap() {
        let model = Model::from(k_means(&record).fit(&rows, &device).unwrap());
        let model = model.with_blocks(blocks.clone()).unwrap().with_pair_weight(0.25).unwrap();
        assert_eq!(record.fingerprint, model.fingerprint());
        assert!(sweep.model(&record, &rows, &device).unwrap() == model);
    }
}

#[test]
fn lines_are_those_of_their_inputs_alone() {
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let device = Device::cpu();
    let base = || Sweep::new([2], [[8, 5]]).evaluation(Evaluation::new().k(0));
    let other_weights = Weights::new((0..ROWS as u64).map(|row| row * 7 % 5)).unwrap();
    let blocks = |weight: f64| Blocks::fit(&rows, [("a", 2, weight), ("b", DIM - 2, 1.0)], None).unwrap();
    let start = |seed: u64| Model::from(RqKMeans::new(2, [8, 5]).seed(seed).fit(&rows, &device).unwrap());
    let (nearest, reserve) = (UnknownLabel::Nearest, UnknownLabel::Reserve);
    let texts = |of: &str| Labels::new([(of, (0..ROWS).map(|row| Some(["a", "b"][row % 2])))]).unwrap();
    assert!(texts("x").digest() != texts("y").digest());
    for (first, second, what) in [
        (base().weights(weights()), base(), "weights"),
        (base().weights(weights()), base().weights(other_weights), "weights"),
        (base(), base().labels(labels(), nearest), "labels"),
        (base().labels(texts("x"), nearest), base().labels(texts("y"), nearest), "labels"),
        (base().labels(labels(), nearest), base().labels(labels(), reserve), "unknown"),
        (base().warm_start(start(1)), base(), "warm_start"),
        (base().warm_start(start(1)), base().warm_start(start(2)), "warm_start"),
        (base().warm_start(start(1)), base().warm_start(start(1)).freeze_levels([1]), " run"),
        (base().blocks(blocks(1.0)), base().blocks(blocks(0.5)), "blocks"),
        (base().pair_weight(0.5), base().pair_weight(0.25), "pair_weight"),
    ] {
        let (_folder, path) = place();
        let records = first.run(&rows, &device, &path).unwrap();
        assert_eq!(first.run(&rows, &device, &path).unwrap(), records, "{what}");
        let error = second.run(&rows, &device, &path).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::OtherSweep { what: found, .. } if found == what), "{what}: {error}");
    }
}

#[test]
fn what_fits_refuse_is_refused_before_any_of_them() {
    let (values, device) = (values(), Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    let base = || Sweep::new([2], [4]).evaluation(Evaluation::new().k(0));
    let start = || Model::from(RqKMeans::new(2, 4).fit(&rows, &device).unwrap());
    let few = || Weights::new([100, 200]).unwrap();
    let nearest = UnknownLabel::Nearest;
    let after_a_plain_one = || base().kinds([RqKMeans::new(1, 1).into(), network().into()]);
    for (sweep, part) in [
        (base().weights(few()), "2 weights"),
        (base().weights(weights()).balanced([false, true]), "`weights`"),
        (base().labels(labels().part(0..9), nearest), "9 labels"),
        (base().labels(labels(), nearest).kinds([RqKMeans::new(1, 1).refine(2).into()]), "`labels`"),
        (base().labels(labels(), nearest).balanced([false, true]), "`labels`"),
        (base().warm_start(start()).labels(labels(), nearest), "`labels`"),
        (Sweep::new([1, 2], [4]).warm_start(start()), "`clusters`"),
        (base().warm_start(start()).freeze_levels([0, 3]), "`freeze_levels`"),
        (
            base().warm_start(start()).kinds([RqKMeans::new(1, 1).normalize_residuals(true).into()]),
            "normalize_residuals",
        ),
        (
            base()
                .kinds([RqKMeans::new(1, 1).into(), PqKMeans::new(1, 1).into()])
                .evaluation(Evaluation::new().beam(2)),
            "models of kind pq have no beams",
        ),
        (base().freeze_levels([1]), "`freeze_levels`"),
        (base().freeze_levels([]), "`freeze_levels`"),
        (after_a_plain_one().weights(weights()), "rq-vae"),
        (after_a_plain_one().labels(labels(), nearest), "rq-vae"),
        (after_a_plain_one().warm_start(start()), "rq-vae"),
        // The weights add up to fewer rows than there are clusters.
        (Sweep::new([1], [4]).weights(Weights::new((0..ROWS as u64).map(|row| u64::from(row < 3))).unwrap()), "3 rows"),
    ] {
        let (folder, path) = place();
        let error = sweep.run(&rows, &device, &path).unwrap_err();
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{part}");
    }
}

/// A beam of 1 is another one than that of the models only where these have a wider one of their own.
#[test]
fn a_beam_of_one_measures_the_nearest_codewords() {
    let (values, device) = (values(), Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    let refined = RqKMeans::new(1, 1).refine(3).refine_beam(4);
    let with = |kind: &RqKMeans, beam: Option<usize>| {
        Sweep::new([3], [4]).kinds([kind.clone().into()]).evaluation(Evaluation::new().k(0).beam(beam))
    };
    let (_folder, path) = place();
    let own = with(&refined, None).run(&rows, &device, &path).unwrap();
    assert_eq!(own[0].settings["beam"], 1);
    let error = with(&refined, Some(1)).run(&rows, &device, &path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::OtherSweep { what, .. } if what == "beam"), "{error}");
    std::fs::remove_file(&path).unwrap();
    let greedy = with(&refined, Some(1)).run(&rows, &device, &path).unwrap();
    let model = with(&refined, Some(1)).model(&greedy[0], &rows, &device).unwrap();
    let errors = |beam: usize| {
        let codes = model.encoder().beam(beam).encode(&rows, &device).unwrap();
        let evaluation = Evaluation::new().k(0);
        let measured =
            evaluation.run_on_codes(&*model, &rows, &codes, &device, |_| std::ops::ControlFlow::Continue(()));
        measured.unwrap().errors.unwrap()
    };
    assert_eq!((&greedy[0].fingerprint, greedy[0].metrics.errors.as_ref()), (&own[0].fingerprint, Some(&errors(1))));
    assert_eq!(own[0].metrics.errors.as_ref(), Some(&errors(4)));
    assert!(errors(4).mse < errors(1).mse);
    // Without a beam of their own, both are the same measure.
    let plain = RqKMeans::new(1, 1);
    std::fs::remove_file(&path).unwrap();
    let records = with(&plain, None).run(&rows, &device, &path).unwrap();
    assert_eq!(with(&plain, Some(1)).run(&rows, &device, &path).unwrap(), records);
}
