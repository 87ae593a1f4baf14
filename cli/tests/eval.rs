//! `semid eval`.

use super::Dir;
use semid::Rows;
use serde_json::Value;

const EVAL: &str = "eval --model m.safetensors --input x.npy";

fn value(of: &Value) -> f64 {
    of["value"].as_f64().unwrap()
}

#[test]
fn every_metric_has_its_name_and_follows_from_the_codes() {
    let dir = Dir::with_model();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    let (codes, levels) = semid::io::read_codes(dir.path("c.npy")).unwrap();
    let ids: std::collections::HashSet<&[u32]> = codes.chunks(levels).collect();
    let eval = dir.semid(&format!("{EVAL} --json")).json(0);
    assert_eq!((&eval["rows"], &eval["dim"], &eval["metric"]), (&300.into(), &6.into(), &"l2".into()));
    assert_eq!(eval["distinct_ids"], ids.len());
    assert_eq!(eval["collision_rate"].as_f64().unwrap(), (300 - ids.len()) as f64 / 300.0);
    for name in
        "collided_item_rate max_bucket entropy entropy_ratio perplexity gini imbalance squared_error_per_row mse \
                 relative_l1 k queries seed seconds"
            .split_whitespace()
    {
        assert!(eval[name].is_number(), "{name}: {eval}");
    }
    let of_levels = eval["levels"].as_array().unwrap();
    assert_eq!(of_levels.len(), 2);
    for level in of_levels {
        for name in "clusters used_codes dead_codes utilization max_bucket entropy perplexity gini imbalance prefixes \
                     prefix_collision_rate"
            .split_whitespace()
        {
            assert!(level[name].is_number(), "{name}: {level}");
        }
    }
    assert_eq!(of_levels[1]["prefix_collision_rate"], eval["collision_rate"]);
    for name in ["recall_at_k", "ndcg_at_k", "distance_correlation"] {
        for by in ["prefix", "decoded", "hamming"] {
            let value = value(&eval[name][by]);
            assert!(value > 0.0 && value <= 1.0, "{name} {by}: {eval}");
        }
    }
    assert!(eval.get("prefix_purity").is_none() && eval.get("stability").is_none());
    // The rows of the test are in groups: IDs find far more neighbours than the 10 of 299 that chance would.
    assert!(value(&eval["recall_at_k"]["decoded"]) > 0.1, "{eval}");
}

#[test]
fn the_numbers_are_the_same_on_every_device_and_with_any_number_of_threads() {
    let dir = Dir::with_model();
    let numbers = |flags: &str| {
        let mut eval = dir.semid(&format!("{EVAL} --sample 50 --json {flags}")).json(0);
        for name in ["seconds", "device"] {
            eval.as_object_mut().unwrap().remove(name).unwrap();
        }
        eval
    };
    let expected = numbers("--device reference");
    assert_eq!((&expected["queries"], &expected["recall_at_k"]["prefix"]["samples"]), (&50.into(), &50.into()));
    for flags in ["--device cpu", "--device cpu --threads 1", "--device cpu --threads 3"] {
        assert_eq!(numbers(flags), expected, "{flags}");
    }
    assert_ne!(numbers("--seed 7")["recall_at_k"], expected["recall_at_k"]);
}

#[test]
fn the_text_says_what_every_number_means() {
    let dir = Dir::with_model();
    dir.write("labels.txt", (0..300).map(|row| format!("group {}\n", row * 7 % 13)).collect::<String>());
    let text = dir.semid(&format!("{EVAL} --labels labels.txt --against m.safetensors --sample 100")).ok();
    for part in [
        "collision_rate",
        "1 - U/N",
        "recall_at_k",
        "shared prefix",
        "dead",
        "+-",
        "Purity",
        "shuffled",
        "Stability",
        "same on every device",
    ] {
        assert!(text.contains(part), "no {part:?} in {text}");
    }
    assert!(text.lines().all(|line| line.len() <= 120), "{text}");
}

#[test]
fn labels_codes_and_older_models() {
    let dir = Dir::with_model();
    let groups: Vec<usize> = (0..300).map(|row| row * 7 % 13).collect();
    dir.write("labels.txt", groups.iter().map(|group| format!("{group}\n")).collect::<String>());
    dir.semid("fit --input x.npy --output other.safetensors --levels 2 --clusters 8 --seed 5").ok();
    let run = |flags: &str| dir.semid(&format!("{EVAL} --k 0 --json {flags}")).json(0);
    let eval = run("--labels labels.txt --against m.safetensors");
    assert!(eval.get("recall_at_k").is_none());
    assert_eq!(eval["stability"]["unchanged_prefixes"], Value::from(vec![1.0, 1.0]));
    let purity = eval["prefix_purity"].as_array().unwrap();
    assert!(purity.iter().all(|of| of["purity"].as_f64() > of["shuffled"]["high"].as_f64()), "{eval}");
    let unchanged = run("--against other.safetensors")["stability"]["unchanged_codes"][0].as_f64().unwrap();
    assert!(unchanged < 1.0);
    // The codes of the other model, given as a file.
    dir.semid("encode --model other.safetensors --input x.npy --output other.npy").ok();
    assert_eq!(run("--against other.npy")["stability"]["unchanged_codes"][0].as_f64().unwrap(), unchanged);
    let swapped = run("--codes other.npy --against m.safetensors");
    assert_eq!(swapped["stability"]["unchanged_codes"][0].as_f64().unwrap(), unchanged);
    assert!(swapped["squared_error_per_row"].as_f64() > eval["squared_error_per_row"].as_f64());
    // A model of more levels, and a file of fewer, on the levels that both sides have.
    dir.semid("fit --input x.npy --output deep.safetensors --levels 3 --clusters 8 --seed 5").ok();
    dir.semid("fit --input x.npy --output flat.safetensors --levels 1 --clusters 8").ok();
    dir.semid("encode --model flat.safetensors --input x.npy --output flat.npy").ok();
    let deep = run("--against deep.safetensors");
    assert_eq!(deep["stability"], run("--against other.safetensors")["stability"]);
    assert_eq!(deep["stability"]["levels"], 2);
    let flat = run("--against flat.npy");
    assert_eq!((&flat["stability"]["levels"], &flat["stability"]["unchanged_codes"]), (&1.into(), &vec![1.0].into()));
    assert!(dir.semid(&format!("{EVAL} --k 0 --against flat.npy")).ok().contains("levels compared: 1"));
}

/// Rows without a label count as if they were not there.
#[test]
fn labels_may_be_missing() {
    let dir = Dir::new();
    let category = |row: usize| ["", "tea", "cup", "pot", "tea"][row * 7 % 5];
    let line = |row: &usize| format!("p{row},{},{},{}\n", category(*row), row * row % 37, row % 11);
    let write = |name: &str, rows: &[usize]| {
        dir.write(name, format!("item,category,a,b\n{}", rows.iter().map(line).collect::<String>()));
    };
    let (all, labelled): (Vec<usize>, Vec<usize>) =
        ((0..200).collect(), (0..200).filter(|row| !category(*row).is_empty()).collect());
    write("all.csv", &all);
    write("labelled.csv", &labelled);
    dir.write("all.txt", all.iter().map(|row| format!("{}\n", category(*row))).collect::<String>());
    dir.semid("fit --input all.csv --columns a,b --output m.safetensors --levels 2 --clusters 4").ok();
    let measured = |flags: &str| dir.semid(&format!("{flags} --k 0 --json")).json(0);
    let of = |flags: &str| measured(flags)["prefix_purity"].clone();
    let eval = "eval --model m.safetensors --columns a,b";
    let expected = of(&format!("{eval} --input labelled.csv --label-column category"));
    assert_eq!((&expected[0]["rows"], labelled.len()), (&160.into(), 160));
    assert_eq!(of(&format!("{eval} --input all.csv --label-column category")), expected);
    assert_eq!(of(&format!("{eval} --input all.csv --labels all.txt")), expected);
    dir.semid("encode --model m.safetensors --input all.csv --columns a,b --id-column item --output ids.jsonl").ok();
    let ids = "eval --ids ids.jsonl --input all.csv --columns a,b --id-column item --label-column category";
    assert_eq!(measured(ids)["embeddings"]["prefix_purity"], expected);
    let text = dir.semid(&format!("{eval} --input all.csv --label-column category --k 0")).ok();
    assert!(text.contains("Purity: the share of 160 items with a label that"), "{text}");
    let report = "report --model m.safetensors --input all.csv --columns a,b --label-column category";
    dir.semid(&format!("{report} --output page.html")).ok();
    assert!(dir.text("page.html").contains("of the 160 items with a label have the most frequent label among"));
    dir.write("none.txt", "\n".repeat(200));
    dir.fails(&format!("{eval} --input all.csv --labels none.txt"), &["labels", "no row has one"]);
}

#[test]
fn errors_that_cannot_be_measured_are_not_left_out_without_a_word() {
    let dir = Dir::with_model();
    assert!(!dir.semid(&format!("{EVAL} --k 0")).ok().contains("not measured"));
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 8 --normalize-residuals").ok();
    let text = dir.semid(&format!("{EVAL} --k 0")).ok();
    assert!(text.contains("Errors: not measured, because residuals of unit length"), "{text}");
}

#[test]
fn labels_in_a_column_of_a_parquet_file() {
    let dir = Dir::new();
    dir.write("top.parquet", include_bytes!("../data/top-packages.parquet"));
    dir.semid("fit --input top.parquet --output m.safetensors --levels 1 --clusters 16 --max-iter 2 --device cpu").ok();
    let eval = "eval --model m.safetensors --input top.parquet --k 0 --json";
    let purity = &dir.semid(&format!("{eval} --label-column name")).json(0)["prefix_purity"][0];
    // Every package has a label of its own: the share of the 16 clusters.
    for share in [&purity["purity"], &purity["shuffled"]["value"]] {
        assert!((share.as_f64().unwrap() - 16.0 / 2500.0).abs() < 1e-12, "{purity}");
    }
    dir.fails(&format!("{eval} --label-column kind"), &["top.parquet", "\"kind\"", "\"name\""]);
}

#[test]
fn what_cannot_be_judged() {
    let dir = Dir::with_model();
    dir.npy("narrow.npy", 300, 5);
    dir.npy("few.npy", 200, 6);
    dir.npy_of("empty.npy", 6, &[]);
    dir.write("labels.txt", "a\nb\n");
    let codes = |name: &str, values: &[u32], levels| {
        let mut out = semid::io::NpyWriter::<u32>::create(dir.path(name), values.len() / levels, levels).unwrap();
        out.write(values).unwrap();
        out.finish().unwrap();
    };
    codes("three.npy", &[0; 900], 3);
    codes("few-codes.npy", &[0; 400], 2);
    codes("far.npy", &[[0; 599].as_slice(), &[8]].concat(), 2);
    let eval = "eval --model m.safetensors --input";
    dir.fails(&format!("{eval} narrow.npy"), &["narrow.npy", "5 dimensions", "6"]);
    dir.fails(&format!("{eval} empty.npy"), &["empty.npy", "no rows"]);
    for (flags, parts) in [
        ("--k 300", vec!["`k` = 300", "299"]),
        ("--sample 0", vec!["sample"]),
        ("--pairs 0", vec!["pairs"]),
        ("--labels labels.txt", vec!["labels.txt", "2 labels", "300 rows"]),
        ("--labels gone.txt", vec!["gone.txt"]),
        ("--label-column name", vec!["x.npy", ".parquet", "--labels"]),
        ("--codes three.npy", vec!["three.npy", "3 levels", "2"]),
        ("--codes few-codes.npy", vec!["few-codes.npy", "200 rows of codes", "300 rows"]),
        ("--codes far.npy", vec!["far.npy", "row 299, level 2", "code 8"]),
        ("--codes x.npy", vec!["x.npy", "floats"]),
        ("--against few-codes.npy --k 0", vec!["few-codes.npy", "codes of 200 rows", "input has 300"]),
        ("--against far.npy --k 0", vec!["far.npy", "row 299, level 2", "code 8"]),
        ("--codes few-codes.npy --against m.safetensors --k 0", vec!["few-codes.npy", "200 rows of codes", "300 rows"]),
        ("--k 0 --sample 5", vec!["--sample", "--k 0"]),
        ("--k 0 --pairs 3", vec!["--pairs", "--k 0"]),
        ("--against gone.safetensors --k 0", vec!["gone.safetensors"]),
    ] {
        dir.fails(&format!("{EVAL} {flags}"), &parts);
    }
    assert!(dir.semid("eval --help").ok().contains("Examples:"));
}

#[test]
fn a_network_is_judged_by_the_same_code() {
    let dir = Dir::new();
    dir.npy("x.npy", 300, 6);
    let network =
        "fit --kind rq-vae --input x.npy --levels 2 --clusters 8 --hidden 12 --latent 4 --epochs 3 --batch 50";
    dir.semid(&format!("{network} --lr 1e-3 --output m.safetensors")).ok();
    let of = |device: &str| {
        let mut eval = dir.semid(&format!("{EVAL} --json --device {device}")).json(0);
        for name in ["seconds", "device"] {
            eval.as_object_mut().unwrap().remove(name).unwrap();
        }
        eval
    };
    let eval = of("cpu");
    assert_eq!(eval, of("reference"));
    assert_eq!(eval["kind"], "rq-vae");

    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    let (codes, levels) = semid::io::read_codes(dir.path("c.npy")).unwrap();
    let ids: std::collections::HashSet<&[u32]> = codes.chunks(levels).collect();
    assert_eq!(eval["distinct_ids"], ids.len());
    dir.semid("decode --model m.safetensors --input c.npy --output d.npy").ok();
    let read = |name: &str| {
        let rows = semid::io::open(dir.path(name), &semid::io::ReadOptions::default()).unwrap();
        let mut values = vec![0.0; 300 * 6];
        rows.read(0, &mut values).unwrap();
        values
    };
    let squares = read("x.npy").into_iter().zip(read("d.npy")).map(|(x, y)| f64::from(x - y).powi(2));
    let (expected, found) = (squares.sum::<f64>() / 300.0, eval["squared_error_per_row"].as_f64().unwrap());
    assert!((expected - found).abs() < 1e-5 * expected, "{expected} {found}");
    assert!(value(&eval["recall_at_k"]["decoded"]) > 10.0 / 299.0, "{eval}");
}

#[test]
fn margins_say_how_many_codes_noise_can_change() {
    let dir = Dir::with_model();
    let eval = dir.semid(&format!("{EVAL} --k 0 --noise 0,1,1e9 --json")).json(0);
    let levels = eval["margins"]["levels"].as_array().unwrap();
    assert_eq!(levels.len(), 2);
    for level in levels {
        let fragile: Vec<f64> =
            level["fragile"].as_array().unwrap().iter().map(|share| share.as_f64().unwrap()).collect();
        assert!(fragile[0] == 0.0 && fragile[1] < 1.0 && fragile[2] == 1.0, "{level}");
        assert!(level["low_margin"].as_f64().unwrap() <= level["median_margin"].as_f64().unwrap(), "{level}");
    }
    let text = dir.semid(&format!("{EVAL} --k 0 --noise 0.5")).ok();
    assert!(text.contains("Margins") && text.contains("noise 0.5"), "{text}");
    dir.fails(&format!("{EVAL} --noise=-1"), &["noise", "0 or more"]);
}
