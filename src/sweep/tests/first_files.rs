//! Sweeps go on from lines of the first format, whose settings have another form.

use crate::metrics::Evaluation;
use crate::rq::{Algorithm, Init, MiniBatch};
use crate::sweep::{Sweep, SweepRecord};
use crate::vae::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, Schedule};
use crate::{Device, ErrorKind, Matrix, Metric, RqKMeans, RqVae};
use std::path::PathBuf;

fn networks() -> RqVae {
    RqVae::new(1, 1)
        .hidden([5, 4])
        .latent(3)
        .epochs(2)
        .batch(32)
        .lr(1e-3)
        .weight_decay(0.01)
        .schedule(Schedule::Step { epochs: 1, gamma: 0.25 })
        .warmup(1)
        .clip(2.5)
        .beta(0.3)
        .quantization_weight(0.9)
        .loss(Loss::L1)
        .reduction(Reduction::Sum)
        .dropout(0.1)
        .batch_norm(true)
        .slope(0.01)
        .kmeans_init(false)
        .revive(false)
        .update(CodebookUpdate::MovingAverage(0.95))
        .estimator(Estimator::Rotation)
        .standardize(false)
        .held_out(0.1)
        .keep(Keep::Collisions)
        .width(MatmulWidth::Sixteen)
        .sample(110)
}

/// Sweeps, each with the name of its file, which has all runs, and the number of runs that a shorter file keeps.
fn sweeps() -> [(&'static str, Sweep, usize); 3] {
    let batches = MiniBatch { batch: 32, init_buffer: 64, layer_wise: false };
    let mini = RqKMeans::new(1, 1).algorithm(Algorithm::MiniBatch(batches)).max_iter(9).tol(0.001).init(Init::Random);
    let mini = mini.metric(Metric::Cosine).normalize_residuals(true).center(false).sample(100);
    let nothing = || Evaluation::new().k(0);
    let plain = Sweep::new([1, 2], [4, 8]).evaluation(Evaluation::new().k(3).pairs(100).sample(50));
    [
        ("plain.jsonl", plain, 2),
        ("mini.jsonl", Sweep::new([2], [4, 6]).kinds([mini.into()]).evaluation(nothing()).predict(5000), 1),
        ("vae.jsonl", Sweep::new([2], [4, 6]).kinds([networks().into()]).evaluation(nothing()), 1),
    ]
}

#[test]
fn sweeps_go_on_and_tell_others_apart() {
    let values: Vec<f32> = (0..480).map(|i| ((i * i) % 101) as f32).collect();
    let (rows, device) = (Matrix::new(&values, 4).unwrap(), Device::cpu());
    for (name, sweep, kept) in sweeps() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/first").join(name);
        let text = std::fs::read_to_string(file).unwrap();
        let (_folder, path) = super::place();
        // With the whole file, nothing is left to do.
        std::fs::write(&path, &text).unwrap();
        let records = sweep.run_with(&rows, &device, &path, |progress| {
            assert!(
                matches!(progress.stage, crate::sweep::SweepStage::Finished(_)),
                "{name}: {:?}",
                progress.parameters
            );
            std::ops::ControlFlow::Continue(())
        });
        assert_eq!(records.unwrap().len(), text.lines().count(), "{name}");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}");
        // With the beginning of the file, new lines follow the old ones.
        let beginning: String = text.split_inclusive('\n').take(kept).collect();
        std::fs::write(&path, &beginning).unwrap();
        let records = sweep.run(&rows, &device, &path).unwrap();
        let formats: Vec<u32> = records.iter().map(|record| record.format).collect();
        assert_eq!(formats, [vec![1; kept], vec![3; records.len() - kept]].concat(), "{name}");
        assert!(std::fs::read_to_string(&path).unwrap().starts_with(&beginning), "{name}");
        assert_eq!(SweepRecord::read(&path).unwrap(), records, "{name}");
        assert_eq!(sweep.run(&rows, &device, &path).unwrap(), records, "{name}");
        // Another setting is another sweep, for old lines and for new ones.
        let other = sweep.clone().evaluation(Evaluation::new().k(0).pairs(7));
        for text in [beginning, text_from(&path, kept)] {
            // Runs of the grid come in its order, so a line alone is the first one or of another run.
            std::fs::write(&path, text.lines().next().unwrap().to_owned() + "\n").unwrap();
            let error = other.run(&rows, &device, &path).unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::OtherSweep { .. }), "{name}: {error}");
        }
    }
}

/// The lines of a file without the first ones.
fn text_from(path: &std::path::Path, first: usize) -> String {
    std::fs::read_to_string(path).unwrap().split_inclusive('\n').skip(first).collect()
}

#[test]
fn every_setting_of_old_lines_counts() {
    let values: Vec<f32> = (0..480).map(|i| ((i * i) % 101) as f32).collect();
    let (rows, device) = (Matrix::new(&values, 4).unwrap(), Device::cpu());
    let (_folder, path) = super::place();
    for (name, sweep, _) in sweeps() {
        let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/first").join(name);
        let record = SweepRecord::read(file).unwrap().remove(0);
        for setting in record.settings.keys() {
            let mut changed = record.clone();
            changed.settings.insert(setting.clone(), "another".into());
            let mut line = serde_json::to_string(&changed).unwrap();
            line.push('\n');
            std::fs::write(&path, line).unwrap();
            let error = sweep.run(&rows, &device, &path).unwrap_err();
            assert!(
                matches!(error.kind(), ErrorKind::OtherSweep { what, .. } if what == setting),
                "{setting}: {error}"
            );
        }
    }
}
