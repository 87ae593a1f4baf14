//! Parameters and rows that no training can use, and trainings that go wrong.

use super::rows;
use crate::vae::data::Data;
use crate::vae::{CodebookUpdate, Schedule};
use crate::{Device, ErrorKind, Matrix, RqVae};

fn refused(params: RqVae) -> crate::Error {
    let values = rows(129, 6);
    params.fit(&Matrix::new(&values, 6).unwrap(), &Device::cpu()).err().unwrap()
}

fn small() -> RqVae {
    RqVae::new(2, 4).hidden([8]).latent(3).epochs(2).batch(32).held_out(0.0)
}

#[test]
fn parameters_out_of_range_are_named() {
    let cases = [
        ("hidden", small().hidden([8, 0])),
        ("hidden", small().hidden([4; 65])),
        ("latent", small().latent(0)),
        ("latent", small().latent(9000)),
        ("batch", small().batch(0)),
        ("batch", small().batch(130)),
        ("batch", small().batch_norm(true).batch(1)),
        ("batch", small().batch_norm(true).batch(64)),
        ("dropout", small().dropout(1.0)),
        ("dropout", small().dropout(f64::NAN)),
        ("held_out", small().held_out(1.0)),
        ("lr", small().lr(-1.0)),
        ("lr", small().lr(f64::INFINITY)),
        ("beta1", small().betas(1.0, 0.9)),
        ("epsilon", small().epsilon(0.0)),
        ("clip", small().clip(0.0)),
        ("sample", small().sample(0)),
        ("kmeans_iters", small().kmeans_iters(0)),
        ("ema", small().update(CodebookUpdate::MovingAverage(1.5))),
        ("schedule", small().schedule(Schedule::Step { epochs: 0, gamma: 0.5 })),
        ("gamma", small().schedule(Schedule::Step { epochs: 1, gamma: 2.0 })),
        ("slope", small().slope(-0.5)),
        ("sinkhorn", small().sinkhorn([0.001], 10)),
        ("sinkhorn", small().sinkhorn([0.01, 0.01, 0.01], 10)),
        ("sinkhorn", small().sinkhorn([0.01], 0)),
    ];
    for (name, params) in cases {
        match refused(params.clone()).kind() {
            ErrorKind::Parameter { name: found, .. } => assert_eq!(*found, name, "{params:?}"),
            other => panic!("{name}: {other}"),
        }
    }
    assert!(matches!(refused(RqVae::new(2, 200).batch(32)).kind(), ErrorKind::TooFewRows { clusters: 200, .. }));
    assert!(matches!(refused(RqVae::new(2, [3, 4, 5])).kind(), ErrorKind::ClustersPerLevel { .. }));
}

/// A default that fits, while what was asked for is refused: see `parameters_out_of_range_are_named`.
#[test]
fn the_default_batch_fits_any_number_of_rows() {
    let device = Device::cpu();
    let params = RqVae::new(1, 2).hidden([4]).latent(2).epochs(1).held_out(0.0);
    for (count, batch_norm, expected) in [
        (3, false, 3),
        (100, false, 32),
        (1900, false, 32),
        (4100, false, 128),
        (40_000, false, 256),
        (33, true, 31),
        (4097, true, 127),
    ] {
        let values = rows(count, 2);
        let rows = Matrix::new(&values, 2).unwrap();
        let params = params.clone().batch_norm(batch_norm);
        let training = params.begin(&rows, &device).unwrap();
        assert_eq!(training.batch(), expected, "{count} rows, batch norm {batch_norm}");
        assert!(count % expected != 1 || !batch_norm);
        let rate = 2e-3 * (expected.max(32) as f64 / 256.0).sqrt();
        let asked = params.clone().batch(expected).lr(rate);
        assert_eq!(training.params, asked.clone(), "{count} rows");
        if count < 5000 {
            assert_eq!(params.fit(&rows, &device).unwrap(), asked.fit(&rows, &device).unwrap(), "{count} rows");
        }
    }
    let few = rows(1900, 2);
    // What was given is refused.
    let error = RqVae::semantic_id(1, 2)
        .hidden([4])
        .latent(2)
        .held_out(0.0)
        .fit(&Matrix::new(&few, 2).unwrap(), &device)
        .unwrap_err()
        .to_string();
    assert!(error.contains("2048") && error.contains("1900 rows to train on"), "{error}");
}

#[test]
fn rows_that_cannot_be_used_are_refused() {
    let fit = |values: &[f32]| small().fit(&Matrix::new(values, 6).unwrap(), &Device::cpu()).err().unwrap();
    assert!(matches!(fit(&[]).kind(), ErrorKind::Empty));
    let mut values = rows(129, 6);
    values[6 * 7 + 2] = f32::NAN;
    assert!(matches!(fit(&values).kind(), ErrorKind::NotFinite { row: 7, column: 2, .. }));
    let model = small().fit(&Matrix::new(&rows(129, 6), 6).unwrap(), &Device::cpu()).unwrap();
    let encode = |values: &[f32], dim| model.encode(&Matrix::new(values, dim).unwrap(), &Device::cpu()).err().unwrap();
    assert!(matches!(encode(&values, 6).kind(), ErrorKind::NotFinite { row: 7, column: 2, .. }));
    assert!(matches!(encode(&[0.0; 10], 5).kind(), ErrorKind::DimMismatch { expected: 6, found: 5 }));
}

#[test]
fn dimensions_of_any_scale_are_standardised() {
    let mut values = rows(300, 6);
    values.iter_mut().step_by(6).for_each(|x| *x *= 1e9);
    values.iter_mut().skip(1).step_by(6).for_each(|x| *x = *x * 1e-20 + 1e-19);
    // The scale of these would be subnormal: the smallest that is not leaves them somewhat larger.
    let largest = values.iter().skip(2).step_by(6).fold(0.0_f32, |a, b| a.max(b.abs()));
    values.iter_mut().skip(2).step_by(6).for_each(|x| *x *= 3e38 / largest);
    let matrix = Matrix::new(&values, 6).unwrap();
    let data = Data::read(&matrix, &small().held_out(0.0), None, &Device::reference()).unwrap();
    for at in 0..6 {
        let column = || data.train.iter().skip(at).step_by(6).map(|x| f64::from(*x));
        let mean = column().sum::<f64>() / 300.0;
        let variance = column().map(|x| (x - mean).powi(2)).sum::<f64>() / 300.0;
        let largest = if at == 2 { 16.0 } else { 1.00001 };
        assert!(mean.abs() < 1e-5 && (0.99999..largest).contains(&variance), "{at}: {mean} {variance}");
    }
}

#[test]
fn untrained_networks_and_rows_far_from_all_others() {
    let values: Vec<f32> = rows(129, 6).iter().map(|x| x * 1e8).collect();
    let params = small().epochs(0).standardize(false);
    let matrix = Matrix::new(&values, 6).unwrap();
    let (model, report) = params.fit_with(&matrix, &Device::cpu(), |_| std::ops::ControlFlow::Continue(())).unwrap();
    assert_eq!((report.best_epoch, report.epochs.len()), (0, 0));
    let far = [vec![0.0; 6], vec![3e38; 6]].concat();
    let model_of_small = small().fit(&Matrix::new(&rows(129, 6), 6).unwrap(), &Device::cpu()).unwrap();
    assert_eq!(model_of_small.encode(&Matrix::new(&far, 6).unwrap(), &Device::cpu()).unwrap().len(), 2);
    // Layers that no training gives: even a small part of the row has no finite latent.
    let mut absurd = model_of_small;
    absurd.encoder.iter_mut().flat_map(|layer| &mut layer.weight).for_each(|w| *w = w.signum() * 1e38);
    let error = absurd.encode(&Matrix::new(&far, 6).unwrap(), &Device::cpu()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::FarRow { row: 1 }), "{error}");
    assert_eq!(model.encode(&matrix, &Device::cpu()).unwrap().len(), 129);
}

#[test]
fn extreme_rows_train() {
    let device = Device::cpu();
    for values in [vec![0.0; 129 * 6], vec![3.0; 129 * 6], rows(129, 6).iter().map(|x| x * 1e30).collect()] {
        let rows = Matrix::new(&values, 6).unwrap();
        let model = small().fit(&rows, &device).unwrap();
        let codes = model.encode(&rows, &device).unwrap();
        let decoded = model.decode(&codes, &device).unwrap();
        assert!(decoded.iter().all(|x| x.is_finite()));
        let alone = model.encode(&Matrix::new(&values[6 * 50..6 * 51], 6).unwrap(), &device).unwrap();
        assert_eq!(alone.get(0), codes.get(50));
    }
}
