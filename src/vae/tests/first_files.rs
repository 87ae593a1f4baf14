//! Checkpoints of the first version, with the parameters in the words of that time, go on.

use crate::vae::{CodebookUpdate, Keep, Schedule};
use crate::{Device, ErrorKind, Matrix, RqKMeans, RqVae};
use std::ops::ControlFlow;
use std::path::PathBuf;

fn first(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/first").join(name)
}

fn values() -> Vec<f32> {
    (0..480).map(|i| ((i * i) % 101) as f32).collect()
}

fn base() -> RqVae {
    RqVae::new(2, 4).hidden([5]).latent(3).batch(32).lr(1e-3)
}

#[test]
fn trainings_go_on_to_the_bits_of_unbroken_ones() {
    let (values, device) = (values(), Device::cpu());
    let rows = Matrix::new(&values, 4).unwrap();
    let step = Schedule::Step { epochs: 2, gamma: 0.5 };
    let average = CodebookUpdate::MovingAverage(0.95);
    for (file, params, other) in [
        ("constant.ck", RqVae { clusters: [4, 4].into(), ..base() }.epochs(3), base().beta(0.5)),
        (
            "step.ck",
            base().epochs(3).schedule(step).update(average).dropout(0.1).keep(Keep::Last).clip(1.5),
            base().schedule(step).update(average).dropout(0.1).keep(Keep::Loss).clip(1.5),
        ),
        ("cosine.ck", base().epochs(2).schedule(Schedule::Cosine), base().epochs(3).schedule(Schedule::Cosine)),
    ] {
        let expected = params.fit(&rows, &device).unwrap();
        let mut training = params.resume(first(file), &rows, &device).unwrap();
        assert!(!training.epochs().is_empty(), "{file}");
        training.train(None, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(training.finish().unwrap().0, expected, "{file}");
        let error = other.resume(first(file), &rows, &device).err().unwrap();
        assert!(matches!(error.kind(), ErrorKind::Parameter { name: "checkpoint", .. }), "{file}: {error}");
    }
}

#[test]
fn a_training_from_a_warm_start_names_it() {
    let (values, device) = (values(), Device::cpu());
    let rows = Matrix::new(&values, 4).unwrap();
    let start = RqKMeans::new(2, 4).fit(&rows, &device).unwrap();
    let mut training = base().epochs(2).begin_from(&start, &rows, &device).unwrap();
    training.train(None, |_| ControlFlow::Continue(())).unwrap();
    let (model, _) = training.finish().unwrap();
    let model = crate::Model::from(model);
    let fields = model.parameters().unwrap();
    assert_eq!((fields["kind"].as_str(), fields["epochs"].as_u64()), (Some("rq-kmeans-plus"), Some(2)));
    assert_eq!(fields["warm_start"].as_str(), Some(start.fingerprint().as_str()));
}
