//! `semid sweep`.

use super::Dir;
use semid::sweep::SweepRecord;
use serde_json::Value;

const SWEEP: &str = "sweep --input x.npy --levels 1,2 --clusters 4,8-6 --k 5 --output s.jsonl";

/// The lines without what differs from run to run.
pub(super) fn timeless(dir: &Dir, name: &str) -> Vec<Value> {
    let line = |line: &str| {
        let mut value: Value = serde_json::from_str(line).unwrap();
        let fields = value.as_object_mut().unwrap();
        assert!(fields.remove("seconds").is_some() && fields.remove("sha256").is_some());
        value
    };
    dir.text(name).lines().map(line).collect()
}

#[test]
fn a_line_for_every_run_with_what_fit_and_eval_say_of_it() {
    let dir = Dir::with_model();
    let args = format!("{SWEEP} --balanced both --seeds 42,7 --predict 5000 --models models");
    let swept = dir.semid(&format!("{args} --json")).json(0);
    let records = SweepRecord::read(dir.path("s.jsonl")).unwrap();
    assert_eq!((records.len(), &swept["runs"], &swept["kept"]), (16, &16.into(), &0.into()));
    for record in &records {
        let of = &record.parameters;
        let clusters: Vec<String> = of.clusters.iter().map(usize::to_string).collect();
        let balanced = if of.balanced { "--balanced" } else { "" };
        let fit = format!("fit --input x.npy --levels {} --seed {} {balanced}", of.levels, of.seed);
        let fitted = dir.semid(&format!("{fit} --clusters {} --output one.safetensors --json", clusters.join(",")));
        assert_eq!(fitted.json(0)["fingerprint"], record.fingerprint, "{of:?}");
        assert!(dir.read("one.safetensors") == dir.read(&format!("models/{}.safetensors", of.name())));
        let eval = dir.semid("eval --model one.safetensors --input x.npy --k 5 --json").json(0);
        for (name, value) in serde_json::to_value(&record.metrics).unwrap().as_object().unwrap() {
            assert_eq!(&eval[name], value, "{name} of {of:?}");
        }
        assert_eq!(record.predicted.unwrap().rows, 5000);
        assert!(record.predicted.unwrap().collision_rate > 0.5);
    }
    let ranking = swept["ranking"].as_array().unwrap();
    let values: Vec<f64> = ranking.iter().map(|run| run["value"].as_f64().unwrap()).collect();
    assert!(values.is_sorted() && values.len() == 16, "{values:?}");
    assert_eq!(ranking[0]["metrics"]["collision_rate"], ranking[0]["value"]);

    let before = dir.read("s.jsonl");
    let text = dir.semid(&format!("{args} --rank-by recall_at_k.decoded")).ok();
    assert!(dir.read("s.jsonl") == before);
    for part in ["16 runs", "16 of them before", "more is better", "rq-kmeans-balanced-8-6-seed7", "collision_rate"] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 140), "{text}");
}

#[test]
fn networks_beside_residual_k_means() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    let network = "--hidden 12 --latent 4 --epochs 2 --batch 50";
    let sweep = SWEEP.replace("--k 5", "--k 0");
    dir.semid(&format!("{sweep} --kind rq-kmeans,rq-vae {network} --models models")).ok();
    let records = SweepRecord::read(dir.path("s.jsonl")).unwrap();
    let kinds: Vec<&str> = records.iter().map(|record| record.parameters.kind.as_str()).collect();
    assert_eq!(kinds, ["rq-kmeans", "rq-kmeans", "rq-kmeans", "rq-kmeans", "rq-vae", "rq-vae", "rq-vae", "rq-vae"]);
    let fit = format!("fit --kind rq-vae --input x.npy --levels 2 --clusters 8,6 {network} --output one.safetensors");
    assert_eq!(dir.semid(&format!("{fit} --json")).json(0)["fingerprint"], records[7].fingerprint);
    assert!(dir.read("one.safetensors") == dir.read("models/rq-vae-8-6-seed42.safetensors"));
}

#[test]
fn what_cannot_be_swept() {
    let dir = Dir::with_model();
    dir.write("notes.jsonl", "no sweep\n");
    for (flags, parts) in [
        ("--clusters 4,301", vec!["x.npy", "301 clusters", "300 rows"]),
        ("--levels 3 --clusters 8-6", vec!["2 numbers of clusters", "3 levels"]),
        ("--levels 0", vec!["levels"]),
        ("--k 300", vec!["`k` = 300", "299"]),
        ("--rank-by accuracy", vec!["--rank-by", "accuracy", "collision_rate", "recall_at_k.hamming"]),
        ("--rank-by recall_at_k.prefix --k 0", vec!["recall_at_k.prefix", "--k 0"]),
        ("--rank-by predicted_collision_rate", vec!["--predict"]),
        ("--rank-by mse --normalize-residuals", vec!["mse", "--normalize-residuals"]),
        ("--predict 0", vec!["predict"]),
        ("--queries 0", vec!["sample"]),
        ("--k 0 --queries 5", vec!["--queries", "--k 0"]),
        ("--k 0 --pairs 5", vec!["--pairs", "--k 0"]),
        ("--kind rq-kmeans,rq-vae --metric cosine", vec!["--metric cosine", "do not compare", "apart"]),
        ("--kind rq-vae --tol 0.7", vec!["--tol", "--kind rq-kmeans"]),
        ("--batch 10", vec!["--batch", "mini-batch"]),
        ("--hidden 10", vec!["--hidden", "--kind rq-vae"]),
        ("--kind rq-vae --metric cosine", vec!["--metric cosine", "--kind rq-kmeans"]),
        ("--kind rq-vae --balanced both", vec!["--balanced", "--kind rq-kmeans"]),
        ("--kind rq-vae --checkpoint c", vec!["--checkpoint", "semid fit"]),
        ("--output x.npy", vec!["x.npy", "the result of a sweep is no .npy file"]),
        ("--output m.safetensors", vec!["m.safetensors", "no .safetensors file"]),
        ("--output notes.jsonl", vec!["notes.jsonl", "line 1"]),
        ("--output gone/s.jsonl", vec!["gone"]),
        ("--models x.npy", vec!["x.npy"]),
    ] {
        let mut args = SWEEP.to_owned();
        for flag in flags.split("--").filter(|flag| !flag.is_empty()) {
            let name = flag.split_whitespace().next().unwrap();
            let given: Vec<String> = args.split(" --").map(str::to_owned).collect();
            let others: Vec<String> = given.into_iter().filter(|part| !part.starts_with(&format!("{name} "))).collect();
            args = others.join(" --");
        }
        dir.fails(&format!("{args} {flags}"), &parts);
    }
    for (flags, part) in [("--levels ,", "--levels"), ("--clusters 4-x", "256-128-64"), ("--kind kmeans", "kind")] {
        let run = dir.semid(&format!("sweep --input x.npy --output s.jsonl {flags}"));
        assert!(run.code == Some(2) && run.stderr.contains(part), "{flags}: {}", run.stderr);
    }
    let help = dir.semid("sweep --help").ok();
    assert!(help.contains("Examples:") && help.contains("recall_at_k.decoded"));
    assert!(help.contains("Networks (--kind rq-vae, rq-kmeans-plus):") && help.contains("--hidden"), "{help}");
    assert!(!help.contains("--checkpoint") && help.contains("--freeze-levels"), "{help}");
    let help = dir.semid("fit --help").ok();
    assert!(help.contains("--checkpoint") && help.contains("Networks (--kind rq-vae, rq-kmeans-plus):"), "{help}");
}

#[test]
fn another_sweep_is_told_what_differs() {
    let dir = Dir::with_model();
    dir.semid(SWEEP).ok();
    let before = dir.read("s.jsonl");
    dir.fails(&format!("{SWEEP} --max-iter 7"), &["s.jsonl", "line 1", "max_iter 100", "not 7", "same arguments"]);
    dir.fails(&format!("{SWEEP} --seeds 3"), &["s.jsonl", "seed42", "seed3"]);
    assert!(dir.read("s.jsonl") == before);
    // One more seed is more of the same.
    dir.semid(&format!("{SWEEP} --seeds 42,3")).ok();
    assert!(dir.read("s.jsonl").starts_with(&before) && timeless(&dir, "s.jsonl").len() == 8);
}
