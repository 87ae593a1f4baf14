//! Trainings that stop and go on.

use super::rows;
use crate::vae::RqVaeFit;
use crate::vae::tally::StepLosses;
use crate::vae::{CodebookUpdate, Keep, Schedule};
use crate::{Device, ErrorKind, Matrix, RqKMeans, RqVae};
use std::ops::ControlFlow;
use std::path::PathBuf;
use tempfile::TempDir;

fn params() -> RqVae {
    let params = RqVae::new(2, [8, 5]).hidden([16]).latent(6).epochs(4).batch(50).lr(2e-3).held_out(0.1);
    params.batch_norm(true).dropout(0.1).keep(Keep::Collisions)
}

/// Values of 300 rows (N, 10), a device, and a place for a checkpoint.
fn scene() -> (Vec<f32>, Device, TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint");
    (rows(300, 10), Device::cpu(), folder, path)
}

#[test]
fn a_resumed_training_has_the_bits_of_an_unbroken_one() {
    let (values, device, _folder, path) = scene();
    let rows = Matrix::new(&values, 10).unwrap();
    for params in [params(), params().update(CodebookUpdate::MovingAverage(0.9)).batch(64).batch_norm(false)] {
        let (expected, expected_report) = params.fit_with(&rows, &device, |_| ControlFlow::Continue(())).unwrap();
        // After that many steps; a whole epoch has 6 or 5.
        for stop in [1, 4, 5, 6, 13, 17] {
            let mut training = params.begin(&rows, &device).unwrap();
            let mut steps = 0;
            let stopped = loop {
                let epoch = training.next_epoch(|_| {
                    steps += 1;
                    if steps == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                });
                if let Err(error) = epoch {
                    break error;
                }
            };
            assert!(matches!(stopped.kind(), ErrorKind::Cancelled), "{stopped}");
            training.save_checkpoint(&path).unwrap();
            let mut resumed = params.resume(&path, &rows, &device).unwrap();
            while resumed.next_epoch(|_| ControlFlow::Continue(())).unwrap().is_some() {}
            let (model, report) = resumed.finish().unwrap();
            assert_eq!(model, expected, "stopped after step {stop}");
            assert_eq!(report, expected_report, "stopped after step {stop}");
        }
    }
}

#[test]
fn checkpoints_of_other_trainings_and_damaged_ones_are_refused() {
    let (values, device, _folder, path) = scene();
    let rows = Matrix::new(&values, 10).unwrap();
    let mut training = params().begin(&rows, &device).unwrap();
    training.next_epoch(|_| ControlFlow::Continue(())).unwrap();
    training.save_checkpoint(&path).unwrap();

    let other = params().beta(0.3).resume(&path, &rows, &device).err().unwrap();
    assert!(other.to_string().contains("other parameters"), "{other}");
    let mut changed = values.clone();
    changed[77] += 0.5;
    let other = params().resume(&path, &Matrix::new(&changed, 10).unwrap(), &device).err().unwrap();
    assert!(other.to_string().contains("other rows"), "{other}");
    // The same when standardised, but not to the model.
    changed = values.iter().map(|x| x * 1024.0).collect();
    let other = params().resume(&path, &Matrix::new(&changed, 10).unwrap(), &device).err().unwrap();
    assert!(other.to_string().contains("other rows"), "{other}");

    let bytes = std::fs::read(&path).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 4;
        std::fs::write(&path, damaged).unwrap();
        assert!(params().resume(&path, &rows, &device).is_err(), "byte {at} of {}", bytes.len());
    }
    std::fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert!(params().resume(&path, &rows, &device).is_err());
}

#[test]
fn more_epochs_go_on_from_fewer_unless_the_rate_depends_on_their_number() {
    let (values, device, _folder, path) = scene();
    let rows = Matrix::new(&values, 10).unwrap();
    let step = Schedule::Step { epochs: 1, gamma: 0.5 };
    for schedule in [Schedule::Constant, step, Schedule::Cosine] {
        let params = |epochs: usize| params().schedule(schedule).warmup(1).epochs(epochs);
        let mut training = params(2).begin(&rows, &device).unwrap();
        training.train(Some(&path), |_| ControlFlow::Continue(())).unwrap();
        assert_eq!(training.epochs().len(), 2);
        let more = params(4).resume(&path, &rows, &device);
        if schedule == Schedule::Cosine {
            assert!(more.err().unwrap().to_string().contains("other parameters"));
            continue;
        }
        let mut more = more.unwrap();
        more.train(None, |_| ControlFlow::Continue(())).unwrap();
        let (model, report) = more.finish().unwrap();
        let (expected, expected_report) = params(4).fit_with(&rows, &device, |_| ControlFlow::Continue(())).unwrap();
        assert_eq!((model, report), (expected, expected_report), "{schedule:?}");
        let fewer = params(1).resume(&path, &rows, &device).err().unwrap();
        assert!(fewer.to_string().contains("2 epochs or more"), "{fewer}");
    }
}

/// Puts a number into a tensor that the device holds.
fn poison(fit: &mut RqVaeFit, tensor: usize, value: f32) {
    let mut state = fit.download_state().unwrap();
    state[tensor][0] = value;
    fit.upload_state(&state).unwrap();
}

/// What only a file made on purpose can hold, under a checksum that is right.
#[test]
fn checkpoints_that_no_training_saves_are_refused() {
    let (values, device, _folder, path) = scene();
    let rows = Matrix::new(&values, 10).unwrap();
    let forgeries: [fn(&mut RqVaeFit); 17] = [
        |fit| fit.quantizer.books[0].values.truncate(1),
        |fit| fit.quantizer.books[1].moments[1].truncate(1),
        |fit| fit.quantizer.books[1].counts.push(1.0),
        |fit| fit.quantizer.books[0].sums.truncate(1),
        |fit| fit.quantizer.exponent = i32::MIN,
        |fit| fit.quantizer.books[0].values[3] = f32::NAN,
        |fit| fit.quantizer.books[1].moments[0][0] = f32::INFINITY,
        |fit| fit.quantizer.books[1].counts[2] = f64::NAN,
        |fit| poison(fit, 0, f32::NAN),
        |fit| poison(fit, 5, f32::NEG_INFINITY),
        |fit| fit.state.step = u64::MAX,
        |fit| fit.state.epoch = 3,
        |fit| fit.state.batch = 7,
        |fit| fit.state.reports.clear(),
        |fit| fit.state.tally.add(&step(), usize::MAX / 2, &[vec![1; 8], vec![1; 5]]),
        |fit| fit.state.tally.add(&step(), 50, &[vec![0; 8], vec![0; 6]]),
        |fit| fit.state.tally.add(&step(), 50, &[vec![51; 8], vec![0; 5]]),
    ];
    for (i, forge) in forgeries.into_iter().enumerate() {
        let mut training = params().begin(&rows, &device).unwrap();
        training.next_epoch(|_| ControlFlow::Continue(())).unwrap();
        training.save_checkpoint(&path).unwrap();
        assert!(params().resume(&path, &rows, &device).is_ok());
        forge(&mut training);
        training.save_checkpoint(&path).unwrap();
        let error = params().resume(&path, &rows, &device).err().unwrap_or_else(|| panic!("forgery {i}"));
        assert!(matches!(error.kind(), ErrorKind::DamagedCheckpoint { .. }), "forgery {i}: {error}");
    }
}

fn step() -> StepLosses {
    StepLosses { loss: 1.0, reconstruction: 1.0, quantization: 0.0 }
}

#[test]
fn rq_kmeans_plus_starts_as_its_model() {
    let values = rows(600, 10);
    let rows = Matrix::new(&values, 10).unwrap();
    let device = Device::cpu();
    let kmeans = RqKMeans::new(3, 8).fit(&rows, &device).unwrap();
    let params = RqVae::new(3, 8).hidden([16]).batch(64).lr(1e-3).held_out(0.0);
    let untrained = params.clone().epochs(0).begin_from(&kmeans, &rows, &device).unwrap();
    let (untrained, _) = untrained.finish().unwrap();
    assert_eq!(untrained.encode(&rows, &device).unwrap(), kmeans.encode(&rows, &device).unwrap());

    let mut training = params.clone().epochs(3).begin_from(&kmeans, &rows, &device).unwrap();
    let first = training.next_epoch(|_| ControlFlow::Continue(())).unwrap().unwrap().clone();
    let path = tempfile::tempdir().unwrap();
    let path = path.path().join("checkpoint");
    training.save_checkpoint(&path).unwrap();
    while training.next_epoch(|_| ControlFlow::Continue(())).unwrap().is_some() {}
    let (model, report) = training.finish().unwrap();
    assert!(report.epochs[2].loss < first.loss, "{report:#?}");
    assert_ne!(model.encode(&rows, &device).unwrap(), kmeans.encode(&rows, &device).unwrap());

    let mut resumed = params.clone().epochs(3).resume_from(&path, &kmeans, &rows, &device).unwrap();
    while resumed.next_epoch(|_| ControlFlow::Continue(())).unwrap().is_some() {}
    assert_eq!(resumed.finish().unwrap().0, model);
    let other = RqKMeans::new(3, 8).seed(7).fit(&rows, &device).unwrap();
    let other = params.clone().epochs(3).resume_from(&path, &other, &rows, &device).err().unwrap();
    assert!(other.to_string().contains("other warm start"), "{other}");
    let loaded = crate::Model::from_bytes(&model.to_bytes().unwrap()).unwrap();
    assert_eq!(loaded, model.into());
}

#[test]
fn rq_kmeans_plus_refuses_models_that_do_not_fit() {
    let values = rows(200, 10);
    let rows = Matrix::new(&values, 10).unwrap();
    let device = Device::cpu();
    let begin = |kmeans: RqKMeans, params: RqVae| {
        let model = kmeans.fit(&rows, &device).unwrap();
        params.batch(32).begin_from(&model, &rows, &device).err().unwrap().to_string()
    };
    let cosine = begin(RqKMeans::new(2, 8).metric(crate::Metric::Cosine), RqVae::new(2, 8));
    assert!(cosine.contains("cosine"), "{cosine}");
    let clusters = begin(RqKMeans::new(2, 8), RqVae::new(2, 9));
    assert!(clusters.contains("[8, 8]"), "{clusters}");
    let narrow = Matrix::new(&values, 5).unwrap();
    let model = RqKMeans::new(2, 8).fit(&narrow, &device).unwrap();
    let error = RqVae::new(2, 8).batch(32).begin_from(&model, &rows, &device).err().unwrap();
    assert!(matches!(error.kind(), ErrorKind::DimMismatch { expected: 5, found: 10 }), "{error}");
}
