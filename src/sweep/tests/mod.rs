//! Compares sweeps with fits and evaluations one by one, stops them anywhere, and gives them bad input.

mod first_files;
mod inputs;
mod metric;
mod model;
mod own_kind;
mod predict;
mod refused;
mod resume;
mod shared;
mod stored;

use super::{Sweep, SweepRecord};
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;
use crate::rng::row_hash;
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::{Device, Matrix, Metric, Model, RqKMeans, RqVae};
use std::path::{Path, PathBuf};

const DIM: usize = 4;

/// Rows in loose groups.
fn values() -> Vec<f32> {
    let hash = |i: usize| (row_hash(11, i as u64) % 5003) as f32 / 250.0;
    let value = |row: usize, d: usize| 3.0 * hash(row % 7 * DIM + d) + hash(1000 + row * DIM + d);
    (0..150).flat_map(|row| (0..DIM).map(move |d| value(row, d))).collect()
}

fn network() -> RqVae {
    RqVae::new(1, 1).hidden([6]).latent(3).epochs(2).batch(40).lr(1e-3)
}

/// 2 seeds of 2 kinds: 12 runs of residual k-means, 4 of them by lists, and 6 networks.
fn sweep() -> Sweep {
    sweep_of(&[vec![4, 4, 4], vec![8, 5, 3]])
}

fn sweep_of(clusters: &[Vec<usize>]) -> Sweep {
    Sweep::new([3, 1, 2], clusters.iter().cloned())
        .kinds([RqKMeans::new(1, 1).into(), network().into()])
        .seeds([42, 7])
        .evaluation(Evaluation::new().k(3).sample(50).pairs(200))
        .predict(10_000)
}

/// [`sweep`], of lists that begin with the same clusters.
fn branching() -> Sweep {
    let lists = [[4, 12, 4], [8, 5, 3], [8, 2, 3], [8, 5, 4], [4, 12, 5]];
    sweep_of(&lists.map(Vec::from))
}

/// A folder, and the file of a sweep in it.
fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("sweep.jsonl");
    (folder, path)
}

fn run(sweep: &Sweep, path: &Path) -> Vec<SweepRecord> {
    let values = values();
    sweep.run(&Matrix::new(&values, DIM).unwrap(), &Device::cpu(), path).unwrap()
}

/// The lines without their seconds, which stand last.
fn timeless(text: &str) -> String {
    text.lines().map(|line| line.split(",\"seconds\":").next().unwrap().to_owned() + "\n").collect()
}

#[test]
fn every_run_is_what_it_would_be_alone() {
    let small = |layer_wise| Algorithm::MiniBatch(MiniBatch { batch: 30, init_buffer: 6, layer_wise });
    let k_means = || RqKMeans::new(1, 1);
    let kinds: [Vec<Parameters>; 6] = [
        vec![k_means().n_init(2).sample(120).into()],
        // Two metrics in one sweep.
        vec![k_means().metric(Metric::Cosine).init(Init::Random).into(), network().into()],
        vec![k_means().normalize_residuals(true).center(false).into()],
        vec![k_means().sinkhorn(0.05, 10).into()],
        vec![k_means().algorithm(small(true)).max_iter(5).into()],
        vec![k_means().algorithm(small(false)).max_iter(5).into()],
    ];
    let (values, device) = (values(), Device::cpu());
    let rows = Matrix::new(&values, DIM).unwrap();
    for kinds in kinds {
        let k_means = kinds[0].downcast::<RqKMeans>().unwrap();
        let balanced = k_means.algorithm == Algorithm::Lloyd && k_means.sinkhorn.is_none();
        let sweep = branching().kinds(kinds.clone()).balanced([false, balanced]);
        let (_folder, path) = place();
        let records = run(&sweep, &path);
        assert_eq!(records.len(), if balanced { 40 } else { 20 } + 20 * (kinds.len() - 1));
        for record in records {
            let of = &record.parameters;
            let model: Model = match of.kind.as_str() {
                "rq-kmeans" => {
                    let (levels, clusters) = (of.levels, of.clusters.clone().into());
                    let params = RqKMeans { levels, clusters, ..k_means.clone() }.seed(of.seed);
                    let params = if of.balanced { params.balanced() } else { params };
                    params.fit(&rows, &device).unwrap().into()
                }
                _ => {
                    let params = RqVae::new(of.levels, of.clusters.clone()).hidden([6]).latent(3).epochs(2).batch(40);
                    params.lr(1e-3).seed(of.seed).fit(&rows, &device).unwrap().into()
                }
            };
            assert_eq!(record.fingerprint, model.fingerprint(), "{of:?}");
            let metrics = sweep.evaluation.run(&*model, &rows, &device).unwrap();
            assert_eq!(record.metrics, metrics, "{of:?}");
        }
    }
}

#[test]
fn the_order_of_the_runs_and_their_names() {
    let sweep = Sweep::new([2, 1, 2], [4, 8]).balanced([true, false]).seeds([5, 5]);
    let names: Vec<String> = sweep.runs().unwrap().iter().map(|run| run.name()).collect();
    let expected = ["balanced-1x4", "balanced-2x4", "balanced-1x8", "balanced-2x8", "1x4", "2x4", "1x8", "2x8"];
    assert_eq!(names, expected.map(|name| format!("rq-kmeans-{name}-seed5")));
    let lists = Sweep::new([1, 2], [vec![4, 4], vec![4, 3]]).runs().unwrap();
    let names: Vec<String> = lists.iter().map(|run| run.name()).collect();
    assert_eq!(names, ["rq-kmeans-1x4-seed42", "rq-kmeans-2x4-seed42", "rq-kmeans-4-3-seed42"]);
}

#[test]
fn every_device_writes_the_same_lines() {
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let text = |device: &Device| {
        let (_folder, path) = place();
        sweep().seeds([42]).run(&rows, device, &path).unwrap();
        timeless(&std::fs::read_to_string(&path).unwrap())
    };
    let expected = text(&Device::reference());
    assert_eq!(expected.lines().count(), 12);
    for device in [Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()] {
        assert_eq!(text(&device), expected, "{device:?}");
    }
}
