//! `semid drift`.

use super::{Dir, values};
use semid::metrics::drift;
use semid::{Device, Matrix, RqKMeansModel};
use serde_json::{Value, json};

/// The folder of a model, and `far.npy`, rows that have drifted.
fn drifted() -> (Dir, Vec<f32>) {
    let dir = Dir::with_model();
    let far: Vec<f32> = values(200, 6).into_iter().map(|x| 120.0 - x * 0.5).collect();
    dir.npy_of("far.npy", 6, &far);
    (dir, far)
}

#[test]
fn a_verdict_and_the_measures_of_the_library() {
    let (dir, far) = drifted();
    let same = "drift --model m.safetensors --input x.npy --baseline x.npy";
    let measured = dir.semid(&format!("{same} --json")).json(0);
    assert_eq!((&measured["stable"], &measured["crossings"]), (&json!(true), &json!([])));
    let text = dir.semid(same).ok();
    assert!(text.contains("300 rows beside 300") && text.contains("no drift"), "{text}");

    let model = RqKMeansModel::load(dir.path("m.safetensors")).unwrap();
    let old = values(300, 6);
    let (new, old) = (Matrix::new(&far, 6).unwrap(), Matrix::new(&old, 6).unwrap());
    let expected = drift(&model, &new, &old, 100, 7, &Device::reference()).unwrap();
    let moved = "drift --model m.safetensors --input far.npy --baseline x.npy --sample 100 --seed 7";
    let measured = dir.semid(&format!("{moved} --json")).json(1);
    let expected: Value = serde_json::from_str(&serde_json::to_string(&expected).unwrap()).unwrap();
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&measured[name], value, "{name}");
    }
    assert_eq!((&measured["stable"], &measured["limits"]["psi"]), (&json!(false), &json!(0.25)));
    let words: Vec<&str> =
        measured["crossings"].as_array().unwrap().iter().map(|of| of["words"].as_str().unwrap()).collect();
    let run = dir.semid(moved);
    assert_eq!((run.code, run.stderr.as_str()), (Some(1), ""));
    assert!(!words.is_empty() && words.iter().all(|words| run.stdout.contains(words)), "{}", run.stdout);
    assert!(run.stdout.contains("drift: fit again, with `semid fit --warm-start`"), "{}", run.stdout);
    // Product codes and networks start from no model of their kind.
    let network = "--kind rq-vae --clusters 4 --levels 2 --hidden 8 --latent 4 --epochs 1";
    let plus = "--kind rq-kmeans-plus --warm-start m.safetensors --hidden 8 --epochs 1";
    for kind in ["--kind pq --levels 2 --clusters 4", network, plus] {
        dir.semid(&format!("fit --input x.npy --output o.safetensors {kind}")).ok();
        let run = dir.semid("drift --model o.safetensors --input far.npy --baseline x.npy");
        assert_eq!(run.code, Some(1), "{}", run.stderr);
        assert!(run.stdout.contains("drift: fit again, with `semid fit --align-to`"), "{}", run.stdout);
    }

    // Wide limits are not crossed; each of them alone is.
    let wide = ["--max-psi 1e9", "--max-error-rise 100000000%", "--max-margin-loss 100000000%", "--max-saturated 1"];
    let limits = wide.join(" ");
    assert_eq!(dir.semid(&format!("{moved} {limits} --json")).json(0)["stable"], true);
    let crossed = |flags: &str| {
        let found = dir.semid(&format!("{moved} {flags} --json"));
        let crossings = serde_json::from_str::<Value>(&found.stdout).unwrap()["crossings"].clone();
        crossings.as_array().unwrap().iter().map(|of| of["measure"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    for (flag, measure) in [("--max-psi 1e9", "psi"), ("--max-error-rise 100000000%", "error_rise")] {
        let found = crossed(&limits.replace(flag, ""));
        assert!(!found.is_empty() && found.iter().all(|of| of == measure), "{measure}: {found:?}");
    }
}

/// A start from the model would keep the grid that does not hold the values.
#[test]
fn values_beyond_the_grid_advise_another_grid() {
    let (dir, far) = drifted();
    dir.npy_of("beyond.npy", 6, &far.iter().map(|x| x * 1e6).collect::<Vec<_>>());
    let run = dir.semid("drift --model m.safetensors --input beyond.npy --baseline x.npy");
    assert!(run.stdout.contains("drift: fit again, with `semid fit --align-to`"), "{}", run.stdout);
    assert!(run.stdout.contains("percentage points of the values more than before"), "{}", run.stdout);
}

#[test]
fn few_rows_tell_little() {
    let (dir, _) = drifted();
    dir.npy("one.npy", 1, 6);
    let run = dir.semid("drift --model m.safetensors --input one.npy --baseline x.npy");
    assert!(run.stderr.contains("so few rows tell little"), "{}", run.stderr);
    let said = run.stdout.contains("within its limit, but so few rows tell little") || run.code == Some(1);
    assert!(said, "{}", run.stdout);
}

#[test]
fn faults_are_errors_and_no_verdict() {
    let (dir, _) = drifted();
    dir.npy("narrow.npy", 100, 5);
    dir.npy_of("none.npy", 6, &[]);
    let drift = "drift --model m.safetensors";
    dir.fails(&format!("{drift} --input x.npy --baseline narrow.npy"), &["narrow.npy", "5 dimensions", "6"]);
    dir.fails(&format!("{drift} --input narrow.npy --baseline x.npy"), &["narrow.npy", "5 dimensions", "6"]);
    dir.fails(&format!("{drift} --input x.npy --baseline none.npy"), &["none.npy", "no rows"]);
    dir.fails(&format!("{drift} --input x.npy --baseline gone.npy"), &["gone.npy"]);
    dir.fails(&format!("{drift} --input - --baseline -"), &["standard input"]);
    dir.fails("drift --model x.npy --input x.npy --baseline x.npy", &["x.npy", "model"]);
    for flag in ["--max-error-rise -5%", "--max-error-rise 10", "--max-saturated much", "--max-psi NaN", "--sample 0"] {
        let run = dir.semid(&format!("{drift} --input x.npy --baseline x.npy {flag}"));
        assert_eq!(run.code, Some(2), "{flag}: {}", run.stderr);
    }
    dir.fails(&format!("{drift} --input x.npy --baseline x.npy --max-psi=-1"), &["psi", "-1"]);
}
