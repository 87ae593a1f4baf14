//! A row of weight w counts as w copies of it.

use super::{devices, rows};
use crate::rng::row_hash;
use crate::rq::{Algorithm, FitReport, Hierarchical, Init, MiniBatch, Progress};
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans, RqKMeansModel, Weights};
use std::ops::ControlFlow;

/// What a fit tells of an iteration: the level, the iteration, and how many rows have changed.
type Told = (usize, usize, u64);

/// Weights of which some are 0 and few are large.
fn weights(count: usize) -> Vec<u64> {
    (0..count as u64).map(|row| [0, 1, 1, 1, 2, 2, 3, 7][row_hash(9, row) as usize % 8]).collect()
}

/// Each row as often as it counts.
fn repeated(values: &[f32], dim: usize, weights: &[u64]) -> Vec<f32> {
    let copies = |(row, weight): (&[f32], &u64)| row.repeat(*weight as usize);
    values.chunks_exact(dim).zip(weights).flat_map(copies).collect()
}

/// Fits by every algorithm and start.
fn kinds(base: &RqKMeans) -> Vec<RqKMeans> {
    let small = MiniBatch { batch: 40, init_buffer: 60, layer_wise: true };
    vec![
        base.clone(),
        base.clone().tol(0.0).n_init(2),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().sample(150),
        base.clone().init(Init::Random),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone().algorithm(Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..small })),
        base.clone().algorithm(Algorithm::Hierarchical(Hierarchical::default())),
        base.clone().init(Init::Hierarchical),
        base.clone().refine(3).refine_beam(2),
    ]
}

fn fit(
    params: &RqKMeans,
    values: &[f32],
    dim: usize,
    of: Option<&Weights>,
    device: &Device,
) -> (RqKMeansModel, (FitReport, Vec<Told>)) {
    let rows = Matrix::new(values, dim).unwrap();
    let mut fit = match of {
        Some(weights) => params.begin_weighted(&rows, weights, device).unwrap(),
        None => params.begin(&rows, device).unwrap(),
    };
    let mut told = Vec::new();
    let mut tell = |progress: &Progress| {
        told.push((progress.level, progress.iteration, progress.changed));
        ControlFlow::Continue(())
    };
    while fit.next_level_with(&mut tell).unwrap().is_some() {}
    told.dedup();
    let (model, report) = fit.finish().unwrap();
    (model, (report, told))
}

#[test]
fn weights_are_repetitions_on_every_device() {
    let (values, dim, weights) = (rows(300, 5, 0.0), 5, weights(300));
    let (copies, weights) = (repeated(&values, dim, &weights), Weights::new(weights).unwrap());
    // The second level has more clusters than a sixteenth of the rows, so its first codewords are chosen among all.
    for params in kinds(&RqKMeans::new(3, [6, 40, 4]).seed(5).max_iter(9)) {
        let (expected, report) = fit(&params, &copies, dim, None, &Device::reference());
        assert_eq!(report.0.rows as u64, params.get_sample().map_or(weights.total(), |sample| sample as u64));
        for device in devices().iter().chain([&Device::reference()]) {
            let (model, found) = fit(&params, &values, dim, Some(&weights), device);
            assert_eq!(model.fingerprint(), expected.fingerprint(), "{params:?} on {device:?}");
            assert_eq!(found, report, "{params:?} on {device:?}");
        }
    }
}

/// Few different rows and many clusters, so that draws meet copies and empty clusters are given some.
#[test]
fn copies_are_drawn_and_given_away_one_by_one() {
    let mut reseeded = 0;
    for case in 0..60_u64 {
        let hash = |i: u64| row_hash(case + 700, i) as usize;
        let (count, dim) = (2 + hash(0) % 40, 1 + hash(1) % 3);
        let far = |i: usize| if hash(5000 + i as u64) % 13 == 0 { 50.0 } else { 1.0 };
        let values: Vec<f32> =
            (0..count * dim).map(|i| (hash(10 + i as u64) % (2 + hash(2) % 30)) as f32 * far(i)).collect();
        let weights: Vec<u64> = (0..count as u64).map(|row| hash(9000 + row) as u64 % 5).collect();
        let copies = repeated(&values, dim, &weights);
        let all = copies.len() / dim;
        if all == 0 {
            continue;
        }
        let clusters: Vec<usize> = (3..4 + hash(3) as u64 % 3).map(|level| 1 + hash(level) % all.min(40)).collect();
        let base = RqKMeans::new(clusters.len(), clusters).seed(case).tol(0.0).max_iter(1 + hash(8) % 7);
        let params = &kinds(&base.clone())[[0, 1, 2, 3, 5, 6, 7, 8, 9][hash(9) % 9]];
        let (expected, report) = fit(params, &copies, dim, None, &Device::reference());
        reseeded += report.0.levels.iter().map(|level| level.empty_reseeded).sum::<u64>();
        let (model, found) = fit(params, &values, dim, Some(&Weights::new(weights).unwrap()), &Device::cpu());
        assert_eq!((model.fingerprint(), &found), (expected.fingerprint(), &report), "{case}: {params:?}");
    }
    assert!(reseeded > 20, "{reseeded} empty clusters were given rows");
}

/// A weight of 2^30 stands for as many rows as no test could repeat.
#[test]
fn large_weights_cost_no_more_than_small_ones() {
    let (values, dim) = (rows(200, 3, 0.0), 3);
    let large = |row: u64| if row % 50 == 7 { 1 << 30 } else { 1 + row % 3 };
    let weights = Weights::new((0..200).map(large)).unwrap();
    let (model, (report, _)) = fit(&RqKMeans::new(2, 4), &values, dim, Some(&weights), &Device::cpu());
    assert_eq!(report.rows as u64, weights.total());
    // Four heavy rows and four clusters: the heavy rows are the codewords, up to rounding.
    let rows = Matrix::new(&values, dim).unwrap();
    let decoded = model.decode_levels(&model.encode(&rows, &Device::cpu()).unwrap(), 1).unwrap();
    for row in [7, 57, 107, 157] {
        let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
        let place = row * dim..row * dim + dim;
        assert!(values[place.clone()].iter().zip(&decoded[place]).all(near), "row {row}");
    }
}

#[test]
fn rows_beyond_the_grid_keep_their_numbers() {
    let (mut values, dim) = (rows(300, 2, 0.0), 2);
    (values[2 * 40], values[2 * 41 + 1]) = (1e30, -1e29);
    let weights: Vec<u64> = (0..300).map(|row| if row < 40 { 3 } else { 1 }).collect();
    let (_, (report, _)) =
        fit(&RqKMeans::new(1, 4), &values, dim, Some(&Weights::new(weights).unwrap()), &Device::cpu());
    assert_eq!(report.outliers.iter().map(|outlier| outlier.row).collect::<Vec<_>>(), [40, 41]);
}

#[test]
fn weights_that_make_no_sense_are_refused() {
    let (values, device) = (rows(20, 2, 0.0), Device::cpu());
    let rows = Matrix::new(&values, 2).unwrap();
    let refused = |params: RqKMeans, weights: Vec<u64>| {
        params.fit_weighted(&rows, &Weights::new(weights).unwrap(), &device).unwrap_err().into_kind()
    };
    let plain = RqKMeans::new(1, 4);
    assert!(matches!(
        refused(plain.clone(), vec![1; 19]),
        ErrorKind::RowCount { what: "weights", found: 19, rows: 20 }
    ));
    assert!(matches!(refused(plain.clone(), vec![0; 20]), ErrorKind::NoWeight));
    let mut few = vec![0; 20];
    few[3] = 3;
    assert!(matches!(refused(plain.clone(), few), ErrorKind::TooFewRows { rows: 3, clusters: 4, .. }));
    for params in [plain.clone().balanced(), plain.sinkhorn(0.05, 5)] {
        assert!(matches!(refused(params, vec![1; 20]), ErrorKind::Parameter { name: "weights", .. }));
    }
}
