//! Watching, cancelling, fitting step by step, and starting again on a coarser grid.

use super::{coarse_rows, devices, fit};
use crate::rq::{Algorithm, Codebook, Init, MiniBatch, Progress};
use crate::{Device, ErrorKind, Matrix, RqKMeans, RqKMeansModel};
use std::ops::ControlFlow;

#[test]
fn a_fit_can_be_cancelled_at_every_call() {
    let values = coarse_rows(90, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    let small = MiniBatch { batch: 20, init_buffer: 30, layer_wise: true };
    let base = RqKMeans::new(2, [6, 4]).n_init(2).max_iter(5);
    let variants = [
        base.clone(),
        base.clone().init(Init::Random),
        base.clone().algorithm(Algorithm::MiniBatch(small)),
        base.clone().algorithm(Algorithm::MiniBatch(MiniBatch { layer_wise: false, ..small })),
    ];
    for params in variants {
        let calls = |stop: usize| {
            let mut seen: Vec<Progress> = Vec::new();
            let result = params.fit_with(&rows, &Device::cpu(), |progress| {
                seen.push(progress.clone());
                if seen.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            (seen, result)
        };
        let (all, result) = calls(usize::MAX);
        assert!(result.is_ok() && all.len() > 8, "{params:?}");
        assert!(all.iter().all(|progress| progress.levels == 2 && progress.max_iter == 5 && progress.level < 2));
        assert!(all.iter().all(|progress| progress.iteration <= 5 && progress.squared_error != f64::INFINITY));
        assert!(all.iter().any(|progress| progress.iteration > 0 && progress.squared_error > 0.0));
        for stop in 1..=all.len() {
            let (seen, result) = calls(stop);
            assert!(matches!(result.unwrap_err().kind(), ErrorKind::Cancelled), "call {stop} of {params:?}");
            assert_eq!(seen.len(), stop, "nobody is asked again");
        }
    }
}

#[test]
fn levels_one_at_a_time_are_the_levels_of_a_fit() {
    let values = coarse_rows(90, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    let (device, params) = (Device::cpu(), RqKMeans::new(3, [6, 4, 3]));
    let (model, report) = fit(&params, &values, 2, &device).unwrap();
    let mut steps = params.begin(&rows, &device).unwrap();
    for level in &report.levels {
        assert_eq!(steps.next_level().unwrap().as_ref(), Some(level));
    }
    assert_eq!(steps.next_level().unwrap(), None);
    assert_eq!(steps.finish().unwrap(), (model.clone(), report));
    // A fit that ends early is a model of the first levels.
    let mut steps = params.begin(&rows, &device).unwrap();
    steps.next_level().unwrap();
    assert_eq!(steps.finish().unwrap().0.levels(), &model.levels()[..1]);
    let nothing = params.begin(&rows, &device).unwrap().finish().unwrap_err();
    assert!(matches!(nothing.kind(), ErrorKind::Parameter { name: "levels", .. }));
}

fn largest(model: &RqKMeansModel) -> i64 {
    model.levels().iter().map(Codebook::largest).sum()
}

/// Codewords that add up to more than a residual may hold: the grid becomes coarser until they do not.
#[test]
fn a_coarser_grid_is_taken_where_codewords_grow_too_large() {
    let values = coarse_rows(90, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    let small = MiniBatch { batch: 30, init_buffer: 30, layer_wise: false };
    let base = RqKMeans::new(3, [6, 4, 3]).max_iter(8);
    for params in [base.clone(), base.algorithm(Algorithm::MiniBatch(small))] {
        let (usual, _) = fit(&params, &values, 2, &Device::reference()).unwrap();
        let limited = |device: &Device, limit: i64| {
            let mut steps = params.begin(&rows, device).unwrap();
            steps.codewords_max = limit;
            let levels: Vec<_> = std::iter::from_fn(|| steps.next_level().unwrap()).collect();
            let (model, report) = steps.finish().unwrap();
            assert_eq!(report.levels.len(), 3);
            assert_eq!(levels.last(), report.levels.last());
            model
        };
        // The second limit is exceeded by the first level already, the last one by a factor of 100.
        let first = usual.levels()[0].largest();
        for (limit, lower) in [(largest(&usual), 0), (largest(&usual) - 1, 1), (first - 1, 1), (first / 100, 7)] {
            let model = limited(&Device::reference(), limit);
            assert!(largest(&model) <= limit);
            let steps = usual.grid().exponent() - model.grid().exponent();
            assert!(steps == lower || (lower > 0 && steps == lower + 1), "limit {limit}: {steps} steps");
            let again = RqKMeansModel::from_bytes(&model.to_bytes().unwrap()).unwrap();
            assert_eq!(again, model);
            let codes = model.encode(&rows, &Device::reference()).unwrap();
            for device in devices() {
                let found = limited(device, limit);
                assert_eq!(found.fingerprint(), model.fingerprint(), "{device:?}");
                assert_eq!(found.encode(&rows, device).unwrap(), codes);
            }
        }
    }
}

#[test]
fn codewords_that_no_grid_holds_are_an_error() {
    let values = coarse_rows(20, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    for params in [RqKMeans::new(2, 3), RqKMeans::new(2, 3).normalize_residuals(true)] {
        let device = Device::cpu();
        let mut steps = params.begin(&rows, &device).unwrap();
        steps.codewords_max = -1;
        let error = steps.next_level().unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Range { level: 0, .. }), "{error}");
    }
}

#[test]
fn the_first_levels_are_a_model_also_where_a_later_one_makes_the_grid_coarser() {
    let values = coarse_rows(200, 3, 0.0);
    let rows = Matrix::new(&values, 3).unwrap();
    let device = Device::cpu();
    let params = RqKMeans::new(4, [5, 4, 3, 6]).max_iter(8);
    // The largest codewords of the first two levels fit exactly, those of all do not.
    let mut fit = params.begin(&rows, &device).unwrap();
    fit.next_level().unwrap();
    fit.next_level().unwrap();
    let limit = crate::codebook::largest_sum(&fit.codebooks);
    let alone = |levels: usize| {
        let mut fit = RqKMeans::new(levels, params.clusters_per_level().unwrap()[..levels].to_vec())
            .max_iter(8)
            .begin(&rows, &device)
            .unwrap();
        fit.codewords_max = limit;
        while fit.next_level().unwrap().is_some() {}
        fit.finish().unwrap().0
    };
    let mut fit = params.begin(&rows, &device).unwrap();
    fit.codewords_max = limit;
    let mut exponents = Vec::new();
    for levels in 1..=4 {
        fit.next_level().unwrap();
        let model = fit.model().unwrap();
        assert_eq!((model.fingerprint(), fit.levels()), (alone(levels).fingerprint(), levels));
        exponents.push(model.grid().exponent());
    }
    assert!(exponents[1] == exponents[0] && exponents[3] < exponents[1], "{exponents:?}");
}
