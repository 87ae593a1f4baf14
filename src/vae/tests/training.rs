//! The same model from every device; losses that fall.

use super::rows;
use crate::device::tests::adapters;
use crate::first_reading::tests::CountedRows;
use crate::vae::VaeProgress;
use crate::vae::{CodebookUpdate, Estimator, Loss, MatmulWidth, Reduction};
use crate::{Device, Matrix, RqKMeans, RqVae, RqVaeModel};
use std::ops::ControlFlow;
use std::sync::atomic::Ordering::Relaxed;

fn params() -> RqVae {
    RqVae::new(2, [8, 5])
        .hidden([24, 12])
        .latent(6)
        .epochs(3)
        .batch(64)
        .lr(2e-3)
        .held_out(0.1)
        .width(MatmulWidth::Sixteen)
}

fn model(params: &RqVae, device: &Device) -> RqVaeModel {
    let values = rows(300, 10);
    params.fit(&Matrix::new(&values, 10).unwrap(), device).unwrap()
}

/// The CPU with any number of threads, and every adapter that can be opened.
fn devices() -> Vec<Device> {
    let cpus = [Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()];
    cpus.into_iter().chain(adapters().iter().cloned()).collect()
}

#[test]
fn rows_that_are_decoded_are_read_once() {
    let values = rows(300, 10);
    for (is_decoded, reads) in [(true, 1), (false, 3)] {
        let rows = CountedRows { rows: Matrix::new(&values, 10).unwrap(), is_decoded, read: 0.into() };
        let trained = params().fit(&rows, &Device::cpu()).unwrap();
        assert_eq!(rows.read.into_inner(), reads * 300);
        assert_eq!(trained, model(&params(), &Device::cpu()));
    }
}

#[test]
fn latents_are_computed_once_for_a_fit() {
    let values = rows(300, 10);
    let trained = model(&params(), &Device::cpu());
    let rows = CountedRows { rows: Matrix::new(&values, 10).unwrap(), is_decoded: false, read: 0.into() };
    let latents = trained.latent_rows(&rows, &Device::cpu()).unwrap();
    RqKMeans::new(1, 4).fit(&latents, &Device::cpu()).unwrap();
    assert_eq!(rows.read.load(Relaxed), 300);
}

#[test]
fn every_device_trains_the_same_model() {
    let variants = [
        params(),
        params().width(MatmulWidth::Eight).dropout(0.2).slope(0.1),
        params().batch_norm(true).slope(1e-40).loss(Loss::L1).weight_decay(0.01).clip(0.5),
        params().sinkhorn([0.0, 0.05], 20),
        params().estimator(Estimator::Rotation).reduction(Reduction::Sum).hidden([]),
        params().update(CodebookUpdate::MovingAverage(0.9)).clip(0.1),
    ];
    for (i, params) in variants.iter().enumerate() {
        let expected = model(params, &Device::reference());
        for device in devices() {
            assert_eq!(model(params, &device), expected, "variant {i} on {:?}", device.info());
        }
        assert_ne!(model(&params.clone().seed(7), &Device::cpu()), expected, "variant {i} with another seed");
    }
}

#[test]
fn every_device_goes_on_from_kmeans_and_encodes_the_same() {
    let values = rows(1100, 10);
    let all = Matrix::new(&values, 10).unwrap();
    let some = Matrix::new(&values[..200 * 10], 10).unwrap();
    let kmeans = RqKMeans::new(2, 8).fit(&some, &Device::cpu()).unwrap();
    let params = RqVae::new(2, 8).hidden([12]).epochs(2).batch(64);
    let outcome = |device: &Device| {
        let mut training = params.begin_from(&kmeans, &some, device).unwrap();
        while training.next_epoch(|_| ControlFlow::Continue(())).unwrap().is_some() {}
        let (model, _) = training.finish().unwrap();
        let codes = model.encode(&all, device).unwrap();
        let decoded = model.decode(&codes, device).unwrap();
        (model.fingerprint(), codes, decoded.into_iter().map(f32::to_bits).collect::<Vec<u32>>())
    };
    let expected = outcome(&Device::reference());
    for device in devices() {
        assert_eq!(outcome(&device), expected, "{:?}", device.info());
    }
}

#[test]
fn losses_fall() {
    let values = rows(2000, 10);
    let rows = Matrix::new(&values, 10).unwrap();
    let params = params().epochs(30);
    let (_, report) = params.fit_with(&rows, &Device::cpu(), |_| ControlFlow::Continue(())).unwrap();
    let (first, last) = (&report.epochs[0], &report.epochs[29]);
    assert!(last.reconstruction < 0.7 * first.reconstruction, "{report:#?}");
    assert!(last.held_out_reconstruction < 0.8 * first.held_out_reconstruction, "{report:#?}");
    assert_eq!(last.used, [8, 5]);
}

/// With a rate of 0 nothing moves but what restarts; the last batch of an epoch is a single row.
#[test]
fn codewords_restart_at_rows_of_their_own() {
    let (rows, clusters, go_on) = (rows(129, 10), 40, |_: &VaeProgress<'_>| ControlFlow::Continue(()));
    let params = RqVae::new(2, clusters).hidden([12]).latent(6).epochs(2).batch(64).lr(0.0).held_out(0.0);
    let device = Device::cpu();
    let params = params.kmeans_init(false);
    let mut training = params.begin(&Matrix::new(&rows, 10).unwrap(), &device).unwrap();
    let before = training.quantizer.books.clone();
    let used = training.next_epoch(go_on).unwrap().unwrap().used.clone();
    let model = training.model().unwrap();
    let step = 2.0_f64.powi(-training.quantizer.exponent);
    let latents = model.latents(&training.data.train, &device).unwrap();
    let on_grid = |x: &f32| ((f64::from(*x) / step).round_ties_even() * step) as f32;
    let latents: Vec<Vec<f32>> = latents.chunks(6).map(|row| row.iter().map(on_grid).collect()).collect();
    for (level, (before, after)) in before.iter().zip(&training.quantizer.books).enumerate() {
        let pairs = before.values.chunks(6).zip(after.values.chunks(6));
        let mut restarted: Vec<&[f32]> = pairs.filter(|(before, after)| before != after).map(|(_, new)| new).collect();
        assert!(used[level] < clusters / 2 && restarted.len() == clusters - used[level], "level {level}: {used:?}");
        assert!(level > 0 || restarted.iter().all(|codeword| latents.iter().any(|row| row == codeword)));
        restarted.sort_by(|a, b| a.partial_cmp(b).unwrap());
        restarted.dedup();
        assert_eq!(restarted.len(), clusters - used[level], "level {level}");
    }
    // Every one of them has its row now.
    let report = training.next_epoch(go_on).unwrap().unwrap();
    assert!(report.used[0] >= clusters - used[0], "{used:?} {:?}", report.used);
}
