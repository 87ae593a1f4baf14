//! Watching, cancelling, fitting step by step, and the room that codewords have.

use super::{coarse_rows, devices, fit};
use crate::rq::{Algorithm, Codebook, Hierarchical, Init, MiniBatch, Progress};
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
        base.clone().algorithm(Algorithm::Hierarchical(Hierarchical { full_iter: 5 })),
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

/// Codewords that would add up to more than a residual may hold are cut off, level by level.
#[test]
fn codewords_keep_to_their_room() {
    let values = coarse_rows(90, 2, 0.0);
    let rows = Matrix::new(&values, 2).unwrap();
    let base = RqKMeans::new(3, [6, 4, 3]).max_iter(8);
    let batches = |layer_wise| Algorithm::MiniBatch(MiniBatch { batch: 30, init_buffer: 30, layer_wise });
    for params in [base.clone(), base.clone().algorithm(batches(false)), base.algorithm(batches(true))] {
        let (usual, _) = fit(&params, &values, 2, &Device::reference()).unwrap();
        let limited = |device: &Device, limit: i64| {
            let mut steps = params.begin(&rows, device).unwrap();
            steps.codewords_max = limit;
            let levels: Vec<_> = std::iter::from_fn(|| steps.next_level().unwrap()).collect();
            let (model, report) = steps.finish().unwrap();
            assert_eq!(report.levels, levels);
            model
        };
        let first = usual.levels()[0].largest();
        assert_eq!(limited(&Device::reference(), 8 * first), usual);
        for limit in [first, first / 100, 5, 0] {
            let model = limited(&Device::reference(), limit);
            assert!(largest(&model) <= limit && model.levels()[0].largest() == limit - limit / 4, "limit {limit}");
            assert_eq!(model.grid(), usual.grid());
            assert_eq!(RqKMeansModel::from_bytes(&model.to_bytes().unwrap()).unwrap(), model);
            let codes = model.encode(&rows, &Device::reference()).unwrap();
            // The host cuts them off, so that one limit is enough to see that every device goes on with what is left.
            let devices = if limit == 5 { devices() } else { &devices()[..1] };
            for device in devices {
                let found = limited(device, limit);
                assert_eq!(found.fingerprint(), model.fingerprint(), "{device:?}");
                assert_eq!(found.encode(&rows, device).unwrap(), codes);
            }
        }
    }
}

#[test]
fn the_first_levels_are_a_model_also_where_codewords_are_cut_off() {
    let values = coarse_rows(200, 3, 0.0);
    let rows = Matrix::new(&values, 3).unwrap();
    let device = Device::cpu();
    let params = RqKMeans::new(4, [5, 4, 3, 6]).max_iter(8);
    let usual = params.fit(&rows, &device).unwrap();
    let limit = usual.levels()[0].largest();
    let begin = |levels: usize| {
        let clusters = params.clusters_per_level().unwrap()[..levels].to_vec();
        let mut fit = RqKMeans::new(levels, clusters).max_iter(8).begin(&rows, &device).unwrap();
        fit.codewords_max = limit;
        fit
    };
    let mut fit = begin(4);
    for levels in 1..=4 {
        fit.next_level().unwrap();
        let mut alone = begin(levels);
        while alone.next_level().unwrap().is_some() {}
        let model = fit.model().unwrap();
        assert_eq!((model.fingerprint(), fit.levels()), (alone.finish().unwrap().0.fingerprint(), levels));
    }
    let model = fit.finish().unwrap().0;
    assert!(model != usual && largest(&model) <= limit);
}
