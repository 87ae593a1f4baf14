//! Weights of rows.

use super::{Dir, values};
use semid::Model;
use serde_json::json;

/// A folder with rows, their weights, and the rows repeated as often as they count.
fn folder() -> Dir {
    let dir = Dir::new();
    let values = values(300, 6);
    let weights: Vec<usize> = (0..300).map(|row| row * 7 % 5).collect();
    let copies = values.chunks_exact(6).zip(&weights).flat_map(|(row, weight)| row.repeat(*weight));
    dir.npy_of("x.npy", 6, &values);
    dir.npy_of("copies.npy", 6, &copies.collect::<Vec<_>>());
    let lines = |scale: usize| -> String {
        weights.iter().map(|weight| format!("{}.{:02}\n", weight * scale / 100, weight * scale % 100)).collect()
    };
    dir.write("w.txt", lines(100));
    dir.write("quarters.txt", lines(25));
    dir
}

#[test]
fn weights_are_repetitions() {
    let dir = folder();
    let fit = |input: &str, flags: &str| {
        dir.semid(&format!("fit --input {input} --output m.safetensors --levels 2 --clusters 8 --json {flags}")).json(0)
    };
    let expected = fit("copies.npy", "");
    for flags in ["--weights w.txt", "--weights quarters.txt --weight-step 0.25", "--weights w.txt --device reference"]
    {
        let found = fit("x.npy", flags);
        assert_eq!(found["fingerprint"], expected["fingerprint"], "{flags}");
        assert_eq!((&found["rows"], &found["weight"]), (&300.into(), &expected["rows"]), "{flags}");
        assert_eq!(found["levels"], expected["levels"], "{flags}");
    }
    // Floating-point numbers beside the rows, such as 0.25.
    let values = values(300, 6);
    let lines = values
        .chunks_exact(6)
        .zip(0..300)
        .map(|(row, number)| format!("{}\n", json!({ "e": row, "w": f64::from(number * 7 % 5) * 0.25 })));
    dir.write("x.jsonl", lines.collect::<String>());
    let found = fit("x.jsonl", "--weight-column w --weight-step 0.25");
    assert_eq!(found["fingerprint"], expected["fingerprint"]);
    dir.fails(
        "fit --input x.jsonl --output o.safetensors --clusters 8 --weight-column w",
        &["row 1 has the weight \"0.5\"", "finer step"],
    );
    let plain = fit("x.npy", "");
    assert_ne!(plain["fingerprint"], expected["fingerprint"]);
    assert!(plain.get("weight").is_none());
    let text = dir.semid("fit --input x.npy --output m.safetensors --clusters 8 --weights w.txt").ok();
    assert!(text.contains("300 rows of 6 dimensions that count as 600 rows"), "{text}");
}

/// Numbers of codes are those that keep most copies of the rows.
#[test]
fn codes_are_aligned_by_weight() {
    let dir = folder();
    let old = "--levels 2 --clusters 8 --seed 9 --output old.safetensors";
    dir.semid(&format!("fit --input x.npy {old}")).ok();
    let fit = |flags: &str| {
        let fit = "fit --levels 2 --clusters 8 --align-to old.safetensors --output m.safetensors --json";
        dir.semid(&format!("{fit} {flags}")).json(0)
    };
    let (expected, found) = (fit("--input copies.npy"), fit("--input x.npy --weights w.txt"));
    assert_eq!(found["fingerprint"], expected["fingerprint"]);
    assert_eq!(found["alignment"], expected["alignment"]);
    let text = dir.semid("info --model m.safetensors").ok();
    assert!(text.contains("weights       of rows, in steps of 1\n") && text.contains("aligned to    "), "{text}");
}

/// The file of parameters has the step of the weights, and asks for the weights themselves.
#[test]
fn a_fit_with_weights_is_repeated_from_its_file() {
    let dir = folder();
    let fit = "fit --input x.npy --json --output";
    for (kind, flags, weights, step) in [
        ("--clusters 8 --levels 2", "--weights w.txt", "--weights w.txt", "1"),
        (
            "--clusters 8 --levels 2 --refine 2",
            "--weights quarters.txt --weight-step 0.25",
            "--weights quarters.txt",
            "0.25",
        ),
        ("--clusters 8 --levels 3 --kind rq+pq", "--weights w.txt --weight-step 1", "--weights w.txt", "1"),
    ] {
        let first = dir.semid(&format!("{fit} a.safetensors {kind} {flags}")).json(0);
        let parameters = dir.semid("info --model a.safetensors --json").json(0)["parameters"].take();
        assert_eq!(parameters["weight_step"], step, "{flags}");
        dir.write("fit.json", parameters.to_string());
        let again = dir.semid(&format!("{fit} b.safetensors --config fit.json {weights}")).json(0);
        assert_eq!(again["fingerprint"], first["fingerprint"], "{flags}");
        assert!(dir.read("a.safetensors") == dir.read("b.safetensors"), "{flags}");
        let without = "fit --input x.npy --output c.safetensors --config fit.json";
        dir.fails(without, &["fit.json", "weight_step", "--weight-column", "--weights"]);
    }
    dir.write("c.json", r#"{"clusters": 8, "weight_step": 0.25}"#);
    let flags = "fit --input x.npy --output c.safetensors --config c.json";
    dir.semid(&format!("{flags} --weights quarters.txt")).ok();
    // Flags win.
    dir.fails(&format!("{flags} --weights quarters.txt --weight-step 0.5"), &["multiples of 0.5"]);
    dir.write("c.json", r#"{"clusters": 8, "weight_step": [1]}"#);
    dir.fails(&format!("{flags} --weights w.txt"), &["c.json", "weight_step"]);
}

#[test]
fn weights_are_a_column_too() {
    let dir = Dir::new();
    let rows = values(60, 2);
    let line = |(row, values): (usize, &[f32])| format!("{},{},{}\n", row % 3, values[0], values[1]);
    let csv: String = rows.chunks_exact(2).enumerate().map(line).collect();
    dir.write("x.csv", format!("sales,a,b\n{csv}"));
    let copies = rows.chunks_exact(2).enumerate().flat_map(|(row, values)| values.repeat(row % 3));
    dir.npy_of("copies.npy", 2, &copies.collect::<Vec<_>>());
    dir.semid("fit --input x.csv --weight-column sales --output a.safetensors --levels 2 --clusters 4").ok();
    dir.semid("fit --input copies.npy --output b.safetensors --levels 2 --clusters 4").ok();
    let [a, b] = ["a", "b"].map(|name| Model::load(dir.path(&format!("{name}.safetensors"))).unwrap().fingerprint());
    assert_eq!(a, b);
}

/// A row that counts w times adds the error of w copies of it.
#[test]
fn evaluations_weigh_errors() {
    let dir = Dir::new();
    let rows = values(60, 2);
    let line = |(row, values): (usize, &[f32])| format!("{}.5,{},{}\n", row % 3, values[0], values[1]);
    let csv: String = rows.chunks_exact(2).enumerate().map(line).collect();
    dir.write("x.csv", format!("sales,a,b\n{csv}"));
    let copies = rows.chunks_exact(2).enumerate().flat_map(|(row, values)| values.repeat(2 * (row % 3) + 1));
    dir.npy_of("copies.npy", 2, &copies.collect::<Vec<_>>());
    dir.semid("fit --input copies.npy --output m.safetensors --levels 2 --clusters 4").ok();
    let of_copies = dir.semid("eval --model m.safetensors --input copies.npy --k 0 --json").json(0);
    let flags = "eval --model m.safetensors --input x.csv --k 0 --weight-column sales --weight-step 0.5";
    let found = dir.semid(&format!("{flags} --json")).json(0);
    let per_level = |of: &serde_json::Value| -> Vec<f64> {
        of["squared_error_per_level"].as_array().unwrap().iter().map(|error| error.as_f64().unwrap()).collect()
    };
    let plain = per_level(&found);
    for (level, (found, expected)) in per_level(&found["weighted"]).iter().zip(per_level(&of_copies)).enumerate() {
        // Sums of rounded numbers: their order is another one.
        assert!((found - expected).abs() <= 1e-9 * expected, "{found} for {expected}");
        assert!((plain[level] - expected).abs() > 1e-3 * expected, "{expected} without weights");
    }
    let text = dir.semid(flags).ok();
    assert!(text.contains("Weighted errors: "), "{text}");
    dir.fails("eval --model m.safetensors --input x.csv --k 0 --weight-column sales", &["row 0", "\"0.5\""]);
    dir.write("w.txt", (0..60).map(|row| format!("{}\n", 2 * (row % 3) + 1)).collect::<String>());
    let lines =
        dir.semid("eval --model m.safetensors --input x.csv --columns a,b --k 0 --weights w.txt --json").json(0);
    assert_eq!(lines["weighted"], found["weighted"]);
    dir.fails("eval --model m.safetensors --input x.csv --weight-step 0.5", &["--weight-column"]);
}

/// Collisions and recall are means over the rows, each as often as it counts; the rows that are near stay the same.
#[test]
fn evaluations_weigh_collisions_and_recall() {
    let dir = folder();
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 8").ok();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    let eval =
        |flags: &str| dir.semid(&format!("eval --model m.safetensors --input x.npy --k 3 --json {flags}")).json(0);
    let (plain, found) = (eval(""), eval("--weights w.txt"));
    let codes = semid::io::read_codes(dir.path("c.npy")).unwrap().0;
    let weight = |row: usize| (row * 7 % 5) as f64;
    let codes = &codes;
    let alike = |row: usize| (0..300).filter(move |other| codes_of(codes, *other) == codes_of(codes, row));
    let collided: f64 = (0..300).filter(|row| alike(*row).count() > 1).map(weight).sum();
    let kept: f64 = (0..300)
        .filter(|row| alike(*row).next() == Some(*row))
        .map(|row| alike(row).map(weight).fold(0.0, f64::max))
        .sum();
    assert_eq!(found["collided_weight_rate"], collided / 600.0);
    assert_eq!(found["lost_weight_rate"], (600.0 - kept) / 600.0);
    assert_eq!((&found["collision_rate"], &found["recall_at_k"]), (&plain["collision_rate"], &plain["recall_at_k"]));
    assert!(plain.get("collided_weight_rate").is_none() && plain.get("weighted_recall_at_k").is_none());
    // A row that alone counts has its own recall, and the weighted mean is that of these.
    let weights = |name: &str, of: &dyn Fn(usize) -> usize| {
        dir.write(name, (0..300).map(|row| format!("{}\n", of(row))).collect::<String>());
        eval(&format!("--weights {name}"))
    };
    let few = weights("few.txt", &|row| if row < 8 { row * 7 % 5 } else { 0 });
    let rows: Vec<_> = (0..8).map(|row| weights("one.txt", &|at| usize::from(at == row))).collect();
    for (metric, by) in [("recall_at_k", "decoded"), ("recall_at_k", "prefix"), ("ndcg_at_k", "hamming")] {
        let value = |of: &serde_json::Value| of[format!("weighted_{metric}")][by]["value"].as_f64().unwrap();
        let mean = rows.iter().enumerate().map(|(row, of)| weight(row) * value(of)).sum::<f64>();
        let mean = mean / (0..8).map(weight).sum::<f64>();
        assert!((value(&few) - mean).abs() < 1e-12, "{metric} {by}: {} for {mean}", value(&few));
        assert!((value(&found) - plain[metric][by]["value"].as_f64().unwrap()).abs() > 1e-6, "{metric} {by}");
    }
    let text = dir.semid("eval --model m.safetensors --input x.npy --k 3 --weights w.txt").ok();
    assert!(text.contains("Collisions by weight") && text.contains("recall by weight"), "{text}");
    dir.write("none.txt", "0\n".repeat(300));
    dir.fails("eval --model m.safetensors --input x.npy --k 3 --weights none.txt", &["weights of all rows are zero"]);
}

fn codes_of(codes: &[u32], row: usize) -> &[u32] {
    &codes[row * 2..][..2]
}

#[test]
fn weights_that_make_no_sense_are_refused() {
    let dir = folder();
    dir.write("short.txt", "1\n2\n");
    dir.write("nan.txt", "1\n".repeat(11) + "NaN\n" + &"1\n".repeat(288));
    dir.write("large.txt", "68719476736\n".repeat(3) + &"0\n".repeat(297));
    dir.write("bad.txt", "1\n".repeat(7) + "-1\n" + &"1\n".repeat(292));
    let fails = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("fit --input x.npy --output m.safetensors --clusters 8 {flags}"), parts);
    };
    fails("--weights short.txt", &["short.txt", "2 weights for 300 rows"]);
    fails("--weights bad.txt", &["bad.txt", "row 7 has the weight \"-1\""]);
    fails("--weights quarters.txt", &["multiples of 1", "finer step"]);
    fails("--weights nan.txt", &["nan.txt", "row 11 has the weight \"NaN\""]);
    fails("--weights large.txt", &["large.txt", "more than 137438953472"]);
    fails("--weights w.txt --weight-step 0", &["`step` = 0"]);
    fails("--weight-step 0.5", &["--weight-step is the step of"]);
    fails("--weight-column sales", &["--weight-column needs an input that has columns", "--weights FILE"]);
    fails("--weights w.txt --balanced", &["`weights` = 600", "must be left out, or balance"]);
    fails("--weights w.txt --kind rq-vae", &["--weights is for --kind rq-kmeans"]);
}
