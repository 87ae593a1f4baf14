//! Sweeps whose fits take more than embeddings: labels, weights, several embeddings, pairs, a model to start from.

use super::{Dir, Run, values};
use semid::sweep::SweepRecord;
use serde_json::Value;

const ROWS: usize = 120;

/// A folder with items that have all of that, pairs of them, and a model of their texts.
fn folder() -> Dir {
    let dir = Dir::new();
    let (text, image) = (values(ROWS, 3), values(ROWS, 2));
    let line = |row: usize| {
        let kind = ["\"tea\"", "\"cup\"", "null"][row * row % 3];
        let (text, sales) = (&text[row * 3..][..3], row * 7 % 4);
        let image = if row % 11 == 3 { "null".to_owned() } else { format!("{:?}", &image[row * 2..][..2]) };
        format!("{{\"item\":\"i{row}\",\"kind\":{kind},\"sales\":{sales},\"text\":{text:?},\"image\":{image}}}\n")
    };
    dir.write("x.jsonl", (0..ROWS).map(line).collect::<String>());
    let pair = |i: usize| format!("i{},i{}\n", i * 7 % 100, (i * i + 1) % 100);
    dir.write("pairs.csv", format!("a,b\n{}", (0..150).map(pair).collect::<String>()));
    dir.semid("fit --input x.jsonl --column text --levels 2 --clusters 6,4 --output old.safetensors").ok();
    dir
}

/// Runs `semid`, which may say that rows lack the image, that pairs count for nothing and that slices are no prefixes,
/// and nothing else.
fn run(dir: &Dir, args: &str) -> Run {
    let mut run = dir.semid(args);
    let usual = ["lack the block \"image\"", "count for nothing", "do not build on each other"];
    let is_usual = |line: &&str| usual.iter().any(|part| line.contains(part));
    run.stderr = run.stderr.lines().filter(|line| !is_usual(line)).collect::<Vec<_>>().join("\n");
    run
}

const SWEEP: &str = "sweep --input x.jsonl --k 0 --output s.jsonl --models models --json";

#[test]
fn models_are_those_of_fit_with_the_same_flags() {
    for (flags, grid) in [
        ("--column text --prefix-column kind", "--levels 1,2 --clusters 6"),
        ("--column text --prefix-column kind --unknown reserve", "--levels 2 --clusters 6"),
        ("--column text --weight-column sales", "--levels 1,2 --clusters 6"),
        ("--column text --column image --column-weight 1,0.5", "--levels 2 --clusters 6"),
        ("--column text --id-column item --smooth-pairs pairs.csv --pair-weight 0.3", "--levels 2 --clusters 6"),
        (
            "--column text --column image --weight-column sales --id-column item --smooth-pairs pairs.csv",
            "--levels 2 --clusters 6 --refine 2 --refine-beam 3",
        ),
        ("--column text", "--levels 2 --clusters 6 --kind pq,rq-kmeans"),
        ("--column text", "--levels 3 --clusters 6 --kind rq+pq --residual-levels 1"),
    ] {
        let dir = folder();
        let swept = run(&dir, &format!("{SWEEP} {flags} {grid}")).json(0);
        let records = SweepRecord::read(dir.path("s.jsonl")).unwrap();
        assert_eq!(swept["runs"], records.len());
        for record in &records {
            let of = &record.parameters;
            let others: Vec<&str> = grid.split(" --").filter(|part| part.starts_with("re")).collect();
            let others: String = others.iter().map(|part| format!(" --{part}")).collect();
            let fit = format!("fit --input x.jsonl {flags}{others} --kind {} --levels {}", of.kind, of.levels);
            let fitted = run(&dir, &format!("{fit} --clusters 6 --output one.safetensors --json")).json(0);
            assert_eq!(fitted["fingerprint"], record.fingerprint, "{flags} {of:?}");
            let saved = dir.read(&format!("models/{}.safetensors", of.name()));
            // Files of product codes record the clusters of every level apart, where a fit had one number for all.
            assert!(dir.read("one.safetensors") == saved || of.kind.contains("pq"), "{flags}");
            let keyless = flags.replace("--unknown reserve", "").replace("--column-weight 1,0.5", "");
            let eval =
                run(&dir, &format!("eval --model one.safetensors --input x.jsonl --k 0 --json {keyless}")).json(0);
            for (name, value) in serde_json::to_value(&record.metrics).unwrap().as_object().unwrap() {
                assert_eq!(&eval[name], value, "{name} of {of:?} {flags}");
            }
            let weighted = serde_json::to_value(&record.weighted).unwrap();
            assert_eq!(eval.get("weighted").unwrap_or(&Value::Null), &weighted, "{flags}");
        }
        // The same command has nothing left to do, and other inputs make another sweep.
        let again = run(&dir, &format!("{SWEEP} {flags} {grid}")).json(0);
        assert_eq!((&again["kept"], &again["ranking"]), (&again["runs"], &swept["ranking"]), "{flags}");
    }
}

#[test]
fn warm_starts_are_swept_over_frozen_levels() {
    let dir = folder();
    let flags = "--column text --warm-start old.safetensors";
    run(&dir, &format!("{SWEEP} {flags} --freeze-levels 0,1,2")).json(0);
    let records = SweepRecord::read(dir.path("s.jsonl")).unwrap();
    let frozen: Vec<usize> = records.iter().map(|record| record.parameters.frozen).collect();
    assert_eq!((frozen, &records[0].parameters.clusters), (vec![0, 1, 2], &vec![6, 4]));
    for record in &records {
        let of = &record.parameters;
        let fit = format!("fit --input x.jsonl {flags} --freeze-levels {} --output one.safetensors", of.frozen);
        assert_eq!(run(&dir, &format!("{fit} --json")).json(0)["fingerprint"], record.fingerprint);
        assert!(dir.read("one.safetensors") == dir.read(&format!("models/{}.safetensors", of.name())), "{of:?}");
    }
}

#[test]
fn what_does_not_go_together_is_refused() {
    let dir = folder();
    for (flags, parts) in [
        ("--weight-column sales --kind rq-vae", &["--weight-column", "--kind rq-kmeans"][..]),
        ("--prefix-column kind --kind pq", &["--prefix-column", "--kind rq-kmeans"]),
        ("--prefix-column kind --levels 1 --clusters 6 --refine 2", &["`labels`", "refine"]),
        ("--unknown reserve", &["--unknown", "--prefix-column"]),
        ("--warm-start old.safetensors --kind pq", &["--warm-start", "--kind rq-kmeans"]),
        ("--warm-start old.safetensors --clusters 5", &["clusters", "[6, 4]"]),
        ("--warm-start old.safetensors --freeze-levels 3", &["freeze_levels", "at most the 2 levels"]),
        ("--warm-start old.safetensors --n-init 2", &["--n-init", "--warm-start"]),
        ("--kind rq-kmeans-plus", &["--kind rq-kmeans-plus", "--warm-start"]),
        ("--smooth-pairs pairs.csv", &["the items' keys", "--id-column"]),
        ("--id-column item", &["--id-column", "--report"]),
    ] {
        dir.fails(&format!("sweep --input x.jsonl --column text --k 0 --output s.jsonl {flags}"), parts);
    }
}

/// The page about the best run shows what its model is made of.
#[test]
fn the_page_shows_labels_and_weights() {
    let dir = folder();
    let sweep = "sweep --input x.jsonl --column text --column image --levels 2 --clusters 6 --k 0 --output s.jsonl";
    run(&dir, &format!("{sweep} --weight-column sales --report r.html")).ok();
    let page = dir.text("r.html");
    for part in ["Embeddings of an item", "<th scope=\"row\" role=\"rowheader\">image</th>", "Weights", "By weight"] {
        assert!(page.contains(part), "{part}");
    }
    let sweep = "sweep --input x.jsonl --column text --levels 1 --clusters 6 --k 0 --output t.jsonl";
    run(&dir, &format!("{sweep} --prefix-column kind --unknown reserve --report t.html")).ok();
    let page = dir.text("t.html");
    for part in ["Labels of level 1", ">tea<", "(no known label)", "come from labels"] {
        assert!(page.contains(part) || page.contains(&part.replace("come", "comes")), "{part}");
    }
}
