//! The same model from every device; losses that fall.

use super::rows;
use crate::{Device, Estimator, Loss, MatmulWidth, Matrix, Reduction, RqVae, RqVaeModel};

fn params() -> RqVae {
    RqVae::new(2, [8, 5]).hidden([24, 12]).latent(6).epochs(3).batch(64).lr(2e-3).held_out(0.1)
}

fn model(params: &RqVae, device: &Device) -> RqVaeModel {
    let values = rows(300, 10);
    params.fit(&Matrix::new(&values, 10).unwrap(), device).unwrap()
}

#[test]
fn every_device_trains_the_same_model() {
    let variants = [
        params(),
        params().width(MatmulWidth::Eight).dropout(0.2).slope(0.1),
        params().batch_norm(true).loss(Loss::L1).weight_decay(0.01).clip(0.5),
        params().estimator(Estimator::Rotation).reduction(Reduction::Sum).hidden([]),
    ];
    for (i, params) in variants.iter().enumerate() {
        let expected = model(params, &Device::reference());
        for device in [Device::cpu(), Device::cpu_with_threads(1).unwrap(), Device::cpu_with_threads(3).unwrap()] {
            assert_eq!(model(params, &device), expected, "variant {i} on {:?}", device.info());
        }
        assert_ne!(model(&params.clone().seed(7), &Device::cpu()), expected, "variant {i} with another seed");
    }
}

#[test]
fn losses_fall() {
    let values = rows(2000, 10);
    let rows = Matrix::new(&values, 10).unwrap();
    let params = params().epochs(30);
    let (_, report) = params.fit_with(&rows, &Device::cpu(), |_| std::ops::ControlFlow::Continue(())).unwrap();
    let (first, last) = (&report.epochs[0], &report.epochs[29]);
    assert!(last.reconstruction < 0.7 * first.reconstruction, "{report:#?}");
    assert!(last.held_out_reconstruction < 0.8 * first.held_out_reconstruction, "{report:#?}");
    assert_eq!(last.used, [8, 5]);
}
