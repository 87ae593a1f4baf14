//! Fits from a fitted model keep its grid and its frozen codewords, and give the same bits everywhere.

use super::{coarse_rows, devices, fit, rows};
use crate::quantizer::{Parameters, TrainOptions};
use crate::rng::row_hash;
use crate::rq::{Algorithm, FitReport, Hierarchical, MiniBatch, WarmStart};
use crate::{Device, Error, ErrorKind, Matrix, Metric, Model, RqKMeans, RqKMeansModel, RqVae, Weights};
use std::ops::ControlFlow;

const DIM: usize = 6;

/// Fits from a model on one device.
fn refit(
    params: &RqKMeans,
    start: &WarmStart<'_>,
    values: &[f32],
    device: &Device,
) -> Result<(RqKMeansModel, FitReport), Error> {
    let rows = Matrix::new(values, DIM).unwrap();
    let mut fit = params.begin_from(start, &rows, device)?;
    while fit.next_level()?.is_some() {}
    fit.finish()
}

/// Fits from a model on the reference, and demands the same of every other device.
fn refit_everywhere(params: &RqKMeans, start: &WarmStart<'_>, values: &[f32]) -> (RqKMeansModel, FitReport) {
    let (model, report) = refit(params, start, values, &Device::reference()).unwrap();
    for device in devices() {
        let (other, found) = refit(params, start, values, device).unwrap();
        assert_eq!((other.fingerprint(), &found), (model.fingerprint(), &report), "{params:?} on {device:?}");
    }
    (model, report)
}

/// Old rows, and new ones: most of the old ones, and others a little further.
fn catalogue() -> (Vec<f32>, Vec<f32>) {
    let old = coarse_rows(400, DIM, 0.0);
    let new = [&old[40 * DIM..], &coarse_rows(120, DIM, 2.5)[..]].concat();
    (old, new)
}

#[test]
fn grids_and_frozen_levels_stay_and_every_device_agrees() {
    let (old_rows, new_rows) = catalogue();
    let base = RqKMeans::new(3, [9, 7, 4]).max_iter(15);
    let variants = [
        base.clone(),
        base.clone().tol(0.0).center(false),
        base.clone().metric(Metric::Cosine),
        base.clone().normalize_residuals(true),
        base.clone().sample(300),
        base.clone().balanced(),
        base.clone().sinkhorn(0.02, 10),
    ];
    for params in variants {
        let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
        for frozen in 0..=3 {
            let (new, report) = refit_everywhere(&params, &WarmStart::new(&old).freeze_levels(frozen), &new_rows);
            assert_eq!(new.grid(), old.grid(), "{params:?}");
            for (level, (new, old)) in new.levels().iter().zip(old.levels()).enumerate() {
                assert_eq!(new == old, level < frozen, "level {level} of {frozen} frozen, {params:?}");
                assert_eq!(report.levels[level].iterations == 0, level < frozen, "{params:?}");
            }
            if frozen == 3 && old.prices().is_none() {
                assert_eq!(new.fingerprint(), old.fingerprint(), "{params:?}");
            }
        }
    }
}

/// Lloyd's algorithm has converged, so that it stays where it is; a fresh fit of the new rows ends elsewhere.
#[test]
fn a_model_of_the_same_rows_is_a_fixed_point() {
    let (old_rows, new_rows) = catalogue();
    let params = RqKMeans::new(2, [8, 5]).tol(0.0).max_iter(1000);
    let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
    let (again, report) = refit_everywhere(&params, &WarmStart::new(&old), &old_rows);
    assert_eq!(again.fingerprint(), old.fingerprint());
    assert!(report.levels.iter().all(|level| level.iterations == 1));
    // Neither the seed nor the runs matter: every run would start from the same codewords.
    let others = params.clone().seed(9).n_init(4);
    let (new, _) = refit(&params, &WarmStart::new(&old), &new_rows, &Device::cpu()).unwrap();
    let (same, _) = refit(&others, &WarmStart::new(&old), &new_rows, &Device::cpu()).unwrap();
    assert_eq!(new.fingerprint(), same.fingerprint());
    assert_ne!(new.grid(), fit(&params, &new_rows, DIM, &Device::cpu()).unwrap().0.grid());
}

#[test]
fn values_beyond_the_old_grid_are_counted() {
    let (old_rows, mut new_rows) = catalogue();
    let params = RqKMeans::new(2, 6);
    let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
    (new_rows[3], new_rows[9 * DIM + 1]) = (9000.0, -1e30);
    let (_, report) = refit_everywhere(&params, &WarmStart::new(&old).freeze_levels(1), &new_rows);
    let named: Vec<_> = report.outliers.iter().map(|outlier| (outlier.row, outlier.column)).collect();
    assert_eq!((report.saturated_values, named), (2, vec![(9, 1), (0, 3)]));
}

#[test]
fn the_model_names_what_it_started_from() {
    let (old_rows, new_rows) = catalogue();
    let params = RqKMeans::new(2, 6);
    let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
    let start = WarmStart::new(&old).freeze_levels(1);
    let rows = Matrix::new(&new_rows, DIM).unwrap();
    let cpu = Device::cpu();
    let mut fit = params.begin_from(&start, &rows, &cpu).unwrap();
    fit.next_level().unwrap();
    assert_eq!(Model::from(fit.model().unwrap()).parameters(), None, "a fit of one level would not give it");
    fit.next_level().unwrap();
    let model = Model::from(fit.finish().unwrap().0);
    let fields = model.parameters().unwrap();
    assert_eq!(fields["warm_start"].as_str(), Some(old.fingerprint().as_str()));
    assert_eq!(fields["freeze_levels"].as_u64(), Some(1));
    // A fit of any kind, by its parameters.
    let options = TrainOptions { warm_start: Some(&old), freeze_levels: 1, ..TrainOptions::default() };
    let again = Parameters::from(params).fit_with(&rows, &cpu, &options, |_| ControlFlow::Continue(())).unwrap().0;
    assert_eq!(again, model);
}

/// A row that counts w times stands for w copies of it, on the kept grid too.
#[test]
fn weights_are_repetitions() {
    let (old_rows, new_rows) = catalogue();
    let params = RqKMeans::new(2, [8, 5]).max_iter(20);
    let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
    let weights: Vec<u64> = (0..new_rows.len() as u64 / DIM as u64).map(|row| row_hash(8, row) % 4).collect();
    let copies = new_rows.chunks_exact(DIM).zip(&weights).flat_map(|(row, weight)| row.repeat(*weight as usize));
    let copies: Vec<f32> = copies.collect();
    let (expected, _) = refit(&params, &WarmStart::new(&old).freeze_levels(1), &copies, &Device::cpu()).unwrap();
    let weights = Weights::new(weights).unwrap();
    let (weights, freeze_levels) = (Some(&weights), 1);
    let options = TrainOptions { warm_start: Some(&old), freeze_levels, weights, ..TrainOptions::default() };
    let rows = Matrix::new(&new_rows, DIM).unwrap();
    let (model, _) =
        Parameters::from(params).fit_with(&rows, &Device::cpu(), &options, |_| ControlFlow::Continue(())).unwrap();
    assert_eq!(model.fingerprint(), expected.fingerprint());
}

#[test]
fn what_does_not_go_with_the_model_is_refused() {
    let (old_rows, new_rows) = catalogue();
    let params = RqKMeans::new(2, [6, 4]);
    let old = fit(&params, &old_rows, DIM, &Device::cpu()).unwrap().0;
    let refused = |params: &RqKMeans, frozen: usize, says: &[&str]| {
        let start = WarmStart::new(&old).freeze_levels(frozen);
        let error = refit(params, &start, &new_rows, &Device::cpu()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Parameter { .. }), "{error}");
        assert!(says.iter().all(|words| error.to_string().contains(words)), "{error}");
    };
    refused(&RqKMeans::new(3, 6), 0, &["clusters", "[6, 6, 6]", "[6, 4]"]);
    refused(&RqKMeans::new(2, [4, 6]), 0, &["clusters", "[6, 4]"]);
    refused(&params.clone().metric(Metric::Cosine), 0, &["metric", "cosine", "l2"]);
    refused(&params.clone().normalize_residuals(true), 0, &["normalize_residuals", "opposite"]);
    refused(&params.clone().algorithm(Algorithm::MiniBatch(MiniBatch::default())), 0, &["mini-batch", "must be Lloyd"]);
    let hierarchical = Algorithm::Hierarchical(Hierarchical::default());
    refused(&params.clone().algorithm(hierarchical), 0, &["hierarchical", "must be Lloyd"]);
    refused(&params, 3, &["freeze_levels", "3", "at most the 2 levels"]);

    let narrow = rows(50, DIM - 1, 0.0);
    let narrow = Matrix::new(&narrow, DIM - 1).unwrap();
    let error = params.fit_from(&WarmStart::new(&old), &narrow, &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::DimMismatch { expected: DIM, found: 5 }), "{error}");

    // Frozen levels without a model, and of a network.
    let rows = Matrix::new(&new_rows, DIM).unwrap();
    let options = TrainOptions { freeze_levels: 1, ..TrainOptions::default() };
    for params in [Parameters::from(params), RqVae::new(2, 4).into()] {
        let result = params.fit_with(&rows, &Device::cpu(), &options, |_| ControlFlow::Continue(()));
        assert!(result.unwrap_err().to_string().contains("freeze_levels"), "{params:?}");
    }
}

/// A first codeword that no row has stays, but within half of what the levels before leave of 2^23.
#[test]
fn first_codewords_are_cut_off_at_the_room() {
    let old = RqKMeansModel::from_codewords(&[&[0.0], &[-0.125, 0.125, 6.0]], 1).unwrap();
    let unit = 2_f64.powi(old.codebook_exponent());
    let (mean, apart) = (90 << 16, (0.125 * unit) as i32);
    let values =
        [mean - apart, mean + apart].repeat(2).iter().map(|x| (f64::from(*x) / unit) as f32).collect::<Vec<_>>();
    let rows = Matrix::new(&values, 1).unwrap();
    assert!(i64::from(mean) + (6.0 * unit) as i64 > 1 << 23);
    for device in devices() {
        let new = RqKMeans::new(2, [1, 3]).fit_from(&WarmStart::new(&old), &rows, device).unwrap();
        assert_eq!(new.levels()[0].values(), [mean], "{device:?}");
        assert_eq!(new.levels()[1].values(), [-apart, apart, ((1 << 23) - mean) / 2], "{device:?}");
    }
}
