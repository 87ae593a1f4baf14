//! Sweeps that go on: after half a line, after a stop, with models.

use super::{DIM, branching, network, place, run, sweep, timeless, values};
use crate::metrics::Evaluation;
use crate::sweep::{Sweep, SweepRecord, SweepStage};
use crate::{Device, ErrorKind, Matrix, Model, RqKMeans};
use std::ops::ControlFlow;

#[test]
fn any_beginning_of_the_file_becomes_the_same_file() {
    goes_on(&sweep().seeds([42]));
    goes_on(&branching().seeds([42]).kinds([RqKMeans::new(1, 1).into()]).balanced([true]));
}

fn goes_on(sweep: &Sweep) {
    let (_folder, path) = place();
    let expected = run(sweep, &path);
    let whole = std::fs::read(&path).unwrap();
    let text = |bytes: &[u8]| timeless(std::str::from_utf8(bytes).unwrap());
    let mut ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(i, _)| i + 1).collect();
    ends.extend([0, 1, 7, ends[0] - 1, ends[0] + 1, ends[1] + 20, ends[4] + 300, whole.len() - 1]);
    for end in ends {
        std::fs::write(&path, &whole[..end]).unwrap();
        let found = run(sweep, &path);
        let after = std::fs::read(&path).unwrap();
        assert_eq!(text(&after), text(&whole), "after {end} bytes");
        // What was finished stays as it is, seconds and all.
        let kept = whole[..end].iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        assert!(after[..kept] == whole[..kept]);
        assert_eq!(found, SweepRecord::read(&path).unwrap());
        assert!(found.iter().zip(&expected).all(|(a, b)| a.metrics == b.metrics && a.fingerprint == b.fingerprint));
    }
}

#[test]
fn a_stop_at_any_callback_loses_nothing_that_is_finished() {
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let sweep = sweep().seeds([42]);
    let (_folder, path) = place();
    run(&sweep, &path);
    let whole = timeless(&std::fs::read_to_string(&path).unwrap());
    for every in [3, 10, 31] {
        std::fs::remove_file(&path).unwrap();
        let (mut stops, mut lines) = (0, 0);
        loop {
            let (mut calls, mut told) = (0, 0);
            let result = sweep.run_with(&rows, &Device::cpu(), &path, |progress| {
                told += usize::from(matches!(progress.stage, SweepStage::Finished(_)));
                calls += 1;
                // Each try gets a little farther, so that it ends.
                if calls > every * (stops + 1) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            });
            match result {
                Ok(records) => break assert_eq!((records.len(), told), (12, 12)),
                Err(error) => assert!(matches!(error.kind(), ErrorKind::Cancelled), "{error}"),
            }
            let now = SweepRecord::read(&path).map_or(0, |records| records.len());
            assert!(now >= lines.max(told), "{now} lines after {lines}, and {told} told");
            (stops, lines) = (stops + 1, now);
        }
        assert!(stops > 2, "{stops}");
        assert_eq!(timeless(&std::fs::read_to_string(&path).unwrap()), whole);
    }
}

#[test]
fn a_network_goes_on_from_its_last_step() {
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let sweep = Sweep::new([1], [4]).kinds([network().into()]).evaluation(Evaluation::new().k(0));
    let (folder, path) = place();
    let steps = |stop: usize| {
        let mut seen = Vec::new();
        let result = sweep.run_with(&rows, &Device::cpu(), &path, |progress| {
            if let SweepStage::Train(step) = progress.stage
                && step.part == "epoch"
            {
                seen.push((step.number, step.done));
            }
            if seen.len() == stop { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        (seen, result.map(|records| records.len()))
    };
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let (all, _) = steps(usize::MAX);
    let whole = timeless(&std::fs::read_to_string(&path).unwrap());
    assert_eq!(files(), 1);
    for stop in [1, 3, all.len() - 1] {
        std::fs::remove_file(&path).unwrap();
        let (first, stopped) = steps(stop);
        assert!(matches!(stopped.unwrap_err().kind(), ErrorKind::Cancelled));
        let (rest, finished) = steps(usize::MAX);
        assert_eq!((finished.unwrap(), [first, rest].concat()), (1, all.clone()), "stopped after {stop} steps");
        assert_eq!((timeless(&std::fs::read_to_string(&path).unwrap()), files()), (whole.clone(), 1));
    }
    // A sweep does not begin with a checkpoint of anything else.
    for bytes in [&b"{}"[..], &[0; 100]] {
        std::fs::remove_file(&path).unwrap();
        std::fs::write(folder.path().join("sweep.jsonl.checkpoint"), bytes).unwrap();
        assert_eq!(steps(usize::MAX).0, all);
        assert_eq!((timeless(&std::fs::read_to_string(&path).unwrap()), files()), (whole.clone(), 1));
    }
}

#[test]
fn models_are_kept_and_made_again_where_they_are_missing() {
    let (folder, path) = place();
    let models = folder.path().join("a/models");
    let sweep = sweep().seeds([42]);
    let plain = run(&sweep, &path);
    let before = std::fs::read(&path).unwrap();
    // The lines are there already, without models.
    let sweep = sweep.models(models.as_path());
    assert_eq!(run(&sweep, &path), plain);
    let file = |record: &SweepRecord| models.join(format!("{}.safetensors", record.parameters.name()));
    let check = || {
        for record in &plain {
            assert_eq!(Model::load(file(record)).unwrap().fingerprint(), record.fingerprint);
        }
        assert_eq!(std::fs::read_dir(&models).unwrap().count(), plain.len());
        assert!(std::fs::read(&path).unwrap() == before);
    };
    check();
    std::fs::remove_file(file(&plain[1])).unwrap();
    std::fs::write(file(&plain[4]), b"damaged").unwrap();
    std::fs::copy(file(&plain[6]), file(&plain[11])).unwrap();
    assert_eq!(run(&sweep, &path), plain);
    check();
}

#[test]
fn models_of_another_sweep_are_not_replaced() {
    let (folder, path) = place();
    let models = folder.path().join("models");
    let sweep = sweep().seeds([42]).models(models.as_path());
    let records = run(&sweep, &path);
    let file = models.join(format!("{}.safetensors", records[0].parameters.name()));
    let model = std::fs::read(&file).unwrap();
    let mut values = values();
    values.iter_mut().for_each(|value| *value *= 3.0);
    let other = folder.path().join("other.jsonl");
    let error = sweep.run(&Matrix::new(&values, DIM).unwrap(), &Device::cpu(), &other).unwrap_err();
    assert!(error.to_string().contains("another model of that name"), "{error}");
    assert!(std::fs::read(&file).unwrap() == model);
}
