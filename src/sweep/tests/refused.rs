//! A sweep refuses bad grids, rows and files before it does anything.

use super::{DIM, network, place, run, sweep, values};
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;
use crate::rq::Clusters;
use crate::sweep::file::is_at;
use crate::sweep::{Sweep, SweepRecord};
use crate::{Device, Error, ErrorKind, Matrix, RqKMeans, RqVae};
use sha2::{Digest, Sha256};
use std::path::Path;

fn refusal(sweep: &Sweep, values: &[f32], dim: usize, path: &Path) -> Error {
    sweep.run(&Matrix::new(values, dim).unwrap(), &Device::cpu(), path).unwrap_err()
}

#[test]
fn parameters_that_make_no_sense() {
    let (folder, path) = place();
    let none: [usize; 0] = [];
    for (sweep, part) in [
        (Sweep::new(none, [4]), "`levels`"),
        (Sweep::new([1], none), "`clusters`"),
        (sweep().kinds([]), "`kinds`"),
        (sweep().balanced([]), "`balanced`"),
        (sweep().seeds([]), "`seeds`"),
        (Sweep::new([0], [4]), "`levels` = 0"),
        (Sweep::new([1, 1000], [4]), "`levels` = 1000"),
        (Sweep::new([1], [0]), "0 clusters"),
        (Sweep::new([1, 2], [4, 151]), "151 clusters but the input has only 150 rows"),
        (Sweep::new([1, 3], [vec![4, 4]]), "2 numbers of clusters for 3 levels"),
        (sweep().evaluation(Evaluation::new().k(150)), "`k` = 150"),
        (sweep().predict(0), "`predict`"),
        (sweep().kinds([RqKMeans::new(1, 1).into(), RqKMeans::new(1, 1).max_iter(7).into()]), "several rq-kmeans"),
        (sweep().kinds([RqKMeans::new(1, 1).max_iter(0).into()]), "`max_iter`"),
        (
            sweep().kinds([Parameters::of_kind("rq-kmeans-plus").unwrap()]),
            "a fitted model, from which this kind starts",
        ),
        (sweep().kinds([network().batch(1000).into()]), "`batch`"),
        (sweep().kinds([network().dropout(2.0).into()]), "`dropout`"),
        // Only 150 rows less those held out are trained on.
        (Sweep::new([1], [145]).kinds([RqVae::new(1, 1).batch(40).held_out(0.1).into()]), "145 clusters"),
    ] {
        let error = refusal(&sweep, &values(), DIM, &path);
        assert!(error.to_string().contains(part), "{part}: {error}");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "{part}");
    }
    assert!(matches!(refusal(&sweep(), &[], DIM, &path).kind(), ErrorKind::Empty));
    let mut broken = values();
    broken[17] = f32::NAN;
    assert!(matches!(refusal(&sweep(), &broken, DIM, &path).kind(), ErrorKind::NotFinite { row: 4, column: 1, .. }));
    let error = refusal(&sweep(), &values(), DIM, &folder.path().join("gone/sweep.jsonl"));
    assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn files_of_other_sweeps_stay_as_they_are() {
    let (_folder, path) = place();
    let base = || sweep().seeds([42]).kinds([RqKMeans::new(1, 1).into()]);
    run(&base(), &path);
    let before = std::fs::read(&path).unwrap();
    let mut others = values();
    others[5] += 1.0;
    let clusters = |first: usize| Sweep::new([1, 2, 3], [Clusters::Same(first)]).seeds([42]).predict(10_000);
    let measured = |evaluation: Evaluation| base().evaluation(evaluation);
    let evaluation = || Evaluation::new().k(3).sample(50).pairs(200);
    for (sweep, values, parts) in [
        (base(), others, ["line 1", "sha256"]),
        (base(), values()[..148 * DIM].to_vec(), ["rows 150", "not 148"]),
        (clusters(4).evaluation(evaluation()), values(), ["line 4", "no more runs"]),
        (clusters(5).evaluation(evaluation()), values(), ["line 1", "rq-kmeans-1x4-seed42"]),
        (base().balanced([true]), values(), ["line 1", "balanced"]),
        (base().seeds([43]), values(), ["seed42", "seed43"]),
        (base().kinds([network().into()]), values(), ["line 1", "rq-vae"]),
        (base().kinds([RqKMeans::new(1, 1).max_iter(99).into()]), values(), ["max_iter 100", "not 99"]),
        (base().kinds([RqKMeans::new(1, 1).tol(0.5).into()]), values(), ["tol 0.0001", "not 0.5"]),
        (base().predict(5), values(), ["predict 10000", "not 5"]),
        (base().predict(None), values(), ["predict 10000", "not none"]),
        (measured(evaluation().k(4)), values(), ["k 3", "not 4"]),
        (measured(evaluation().seed(1)), values(), ["evaluation_seed 42", "not 1"]),
    ] {
        let error = refusal(&sweep, &values, DIM, &path);
        assert!(matches!(error.kind(), ErrorKind::OtherSweep { .. }), "{parts:?}: {error}");
        let text = error.to_string();
        assert!(parts.iter().all(|part| text.contains(part)) && text.contains("sweep.jsonl"), "{parts:?}: {text}");
        assert!(std::fs::read(&path).unwrap() == before, "{parts:?}");
    }
    // A sweep with more seeds goes on after these lines.
    assert_eq!(run(&base().seeds([42, 1]), &path).len(), 12);
    assert!(std::fs::read(&path).unwrap().starts_with(&before));
}

#[test]
fn a_model_that_comes_out_otherwise_is_noticed() {
    let (_folder, path) = place();
    let sweep = sweep().seeds([42]);
    let records = run(&sweep, &path);
    let text = std::fs::read_to_string(&path).unwrap();
    let two: String = text.lines().take(2).map(|line| line.to_owned() + "\n").collect();
    let two = two.replace(&records[1].fingerprint, &records[2].fingerprint);
    std::fs::write(&path, two.lines().map(|line| summed(line) + "\n").collect::<String>()).unwrap();
    let error = refusal(&sweep, &values(), DIM, &path);
    assert!(matches!(error.kind(), ErrorKind::OtherSweep { line: 2, what, .. } if what == "fingerprint"), "{error}");
}

/// Adds its checksum to a line, as [`SweepRecord`] describes it.
fn summed(line: &str) -> String {
    let object = unsummed(line);
    let sum = Sha256::digest(&object).iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    format!("{},\"sha256\":\"{sum}\"}}", object.strip_suffix('}').unwrap())
}

/// Removes the checksum of a line.
fn unsummed(line: &str) -> String {
    line.split(",\"sha256\":\"").collect::<Vec<_>>().split_last().unwrap().1.join(",\"sha256\":\"") + "}"
}

#[test]
fn a_line_that_was_changed_is_named() {
    let (_folder, path) = place();
    let sweep = sweep().seeds([42]);
    let records = run(&sweep, &path);
    let whole = std::fs::read(&path).unwrap();
    let text = String::from_utf8(whole.clone()).unwrap();
    assert!(text.lines().all(|line| summed(line) == line));
    let start = text.find('\n').unwrap() + 1;
    let end = start + text[start..].find('\n').unwrap();
    let mut silent = Vec::new();
    for at in (start..end).filter(|at| (at - start).is_multiple_of(3) || end - at < 80) {
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        std::fs::write(&path, &damaged).unwrap();
        match SweepRecord::read(&path) {
            Err(error) => assert!(error.to_string().contains("line 2"), "byte {at}: {error}"),
            Ok(_) => silent.push(at),
        }
    }
    assert_eq!(silent, [0; 0], "changed bytes that nobody noticed");
    // Lines of the second format have no checksum.
    let second = text.lines().take(5).map(|line| unsummed(line).replacen("\"format\":3", "\"format\":2", 1) + "\n");
    let second = second.collect::<String>();
    std::fs::write(&path, &second).unwrap();
    let found = run(&sweep, &path);
    assert!(found.iter().zip(&records).all(|(a, b)| a.fingerprint == b.fingerprint && a.metrics == b.metrics));
    assert!(found.len() == records.len() && std::fs::read_to_string(&path).unwrap().starts_with(&second));
}

#[test]
fn what_is_no_file_of_a_sweep() {
    let (folder, path) = place();
    let sweep = sweep().seeds([42]);
    run(&sweep, &path);
    let text = std::fs::read_to_string(&path).unwrap();
    let first = text.lines().next().unwrap();
    for (content, part) in [
        ("embeddings".to_owned(), "line 1"),
        ("{}\n".to_owned(), "line 1"),
        (format!("{first}\n\n"), "line 2"),
        (format!("{first}\nnotes"), "line 2"),
        (first.replace("\"format\":3", "\"format\":4") + "\n", "format 4"),
        (first.replace("\"format\":3", "\"format\":0") + "\n", "format 0"),
        (first.replace("collision_rate", "x") + "\n", "line 1 does not match its checksum"),
        (unsummed(first) + "\n", "line 1 does not match its checksum"),
        (unsummed(first).replace("collision_rate", "x") + "\n", "collision_rate"),
    ] {
        std::fs::write(&path, &content).unwrap();
        for error in [refusal(&sweep, &values(), DIM, &path), SweepRecord::read(&path).unwrap_err()] {
            assert!(matches!(error.kind(), ErrorKind::Format { format: "sweep", .. }), "{error}");
            assert!(error.to_string().contains(part), "{part}: {error}");
        }
        assert_eq!(std::fs::read_to_string(&path).unwrap(), content);
    }
    assert!(matches!(refusal(&sweep, &values(), DIM, folder.path()).kind(), ErrorKind::Io { .. }));
    assert!(matches!(SweepRecord::read(folder.path().join("gone")).unwrap_err().kind(), ErrorKind::Io { .. }));
}

#[test]
fn a_file_that_was_replaced_is_not_the_one_that_was_opened() {
    let (_folder, path) = place();
    let file = std::fs::File::create(&path).unwrap();
    assert!(is_at(&file, &path));
    std::fs::remove_file(&path).unwrap();
    assert!(!is_at(&file, &path));
    let _another = std::fs::File::create(&path).unwrap();
    assert!(!is_at(&file, &path));
}

#[test]
fn models_that_cannot_be_kept_are_refused_before_any_is_fitted() {
    let (folder, path) = place();
    let long = Sweep::new([200], [Clusters::PerLevel([2, 3].repeat(100))]);
    let unwritable = folder.path().join("a file");
    std::fs::write(&unwritable, b"").unwrap();
    for (sweep, models) in [(long, folder.path()), (sweep(), unwritable.as_path())] {
        let sweep = sweep.models(models);
        let values = values();
        let rows = Matrix::new(&values, DIM).unwrap();
        let result = sweep.run_with(&rows, &Device::cpu(), &path, |_| panic!("work was begun"));
        assert!(matches!(result.unwrap_err().kind(), ErrorKind::Io { .. }));
        assert!(!path.exists());
    }
}

#[test]
fn two_processes_do_not_write_to_one_file() {
    let (_folder, path) = place();
    let sweep = sweep().seeds([42]);
    run(&sweep, &path);
    let file = std::fs::File::open(&path).unwrap();
    file.lock().unwrap();
    assert!(matches!(refusal(&sweep, &values(), DIM, &path).kind(), ErrorKind::Busy));
    drop(file);
    run(&sweep, &path);
    // A sweep creates its file before anything is fitted, and removes it if no run is finished.
    std::fs::remove_file(&path).unwrap();
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let result = sweep.run_with(&rows, &Device::cpu(), &path, |_| {
        assert!(matches!(refusal(&sweep, &values, DIM, &path).kind(), ErrorKind::Busy));
        std::ops::ControlFlow::Break(())
    });
    assert!(matches!(result.unwrap_err().kind(), ErrorKind::Cancelled));
    assert!(!path.exists());
    // An empty file that was there stays.
    std::fs::write(&path, b"").unwrap();
    let stopped = sweep.run_with(&rows, &Device::cpu(), &path, |_| std::ops::ControlFlow::Break(()));
    assert!(stopped.is_err() && std::fs::read(&path).unwrap().is_empty());
}

#[cfg(unix)]
#[test]
fn a_link_to_a_file_that_is_not_there_yet_is_followed() {
    let (folder, path) = place();
    let target = folder.path().join("target.jsonl");
    std::os::unix::fs::symlink(&target, &path).unwrap();
    let sweep = sweep().seeds([42]);
    let values = values();
    let rows = Matrix::new(&values, DIM).unwrap();
    let stopped = sweep.run_with(&rows, &Device::cpu(), &path, |_| std::ops::ControlFlow::Break(()));
    assert!(stopped.is_err() && path.is_symlink() && !target.exists());
    run(&sweep, &path);
    assert!(path.is_symlink() && SweepRecord::read(&target).unwrap().len() == 12);
}
