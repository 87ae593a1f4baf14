//! Rows that are mixed with those of the items that they occur with.

use super::{Dir, Run, values};
use semid::Model;
use semid::io::NpyWriter;
use serde_json::Value;

const ROWS: usize = 120;
const DIM: usize = 4;

/// Pairs of rows; some stand there twice, or the other way round.
fn pairs() -> Vec<(usize, usize)> {
    let pairs = (0..200).map(|i| (i * 7 % 100, i * i * 3 % 100)).filter(|(a, b)| a != b);
    pairs.chain([(4, 9), (9, 4), (4, 9)]).collect()
}

/// A folder with items, their pairs, and the rows that are mixed by hand with `weight` of the mean of their partners.
fn folder(weight: f64) -> Dir {
    let dir = Dir::new();
    let rows = values(ROWS, DIM);
    let mut mixed = rows.clone();
    for row in 0..ROWS {
        let partner = |(a, b): (usize, usize)| {
            [(a, b), (b, a)].into_iter().find_map(|(own, other)| (own == row).then_some(other))
        };
        let partners: Vec<usize> = pairs().into_iter().filter_map(partner).collect();
        for d in (0..DIM).filter(|_| !partners.is_empty()) {
            let sum: f64 = partners.iter().map(|partner| f64::from(rows[partner * DIM + d])).sum();
            let x = &mut mixed[row * DIM + d];
            *x = ((1.0 - weight) * f64::from(*x) + weight * (sum / partners.len() as f64)) as f32;
        }
    }
    dir.npy_of("x.npy", DIM, &rows);
    let mut out = NpyWriter::<f32>::create(dir.path("mixed.npy"), ROWS, DIM).unwrap();
    out.write(&mixed).unwrap();
    out.finish().unwrap();
    dir.write("items.txt", (0..ROWS).map(|row| format!("i{row}\n")).collect::<String>());
    let line = |(a, b): (usize, usize)| format!("i{a},i{b}\n");
    dir.write("pairs.csv", format!("a,b\n{}", pairs().into_iter().map(line).collect::<String>()));
    let object = |row: usize| format!("{{\"item\":\"i{row}\",\"embedding\":{:?}}}\n", &rows[row * DIM..][..DIM]);
    dir.write("x.jsonl", (0..ROWS).map(object).collect::<String>());
    dir
}

fn fit(dir: &Dir, flags: &str) -> Value {
    dir.semid(&format!("fit --levels 2 --clusters 6 --output m.safetensors --json {flags}")).json(0)
}

#[test]
fn a_fit_with_pairs_is_the_fit_of_rows_mixed_by_hand() {
    let dir = folder(0.3);
    let expected = fit(&dir, "--input mixed.npy");
    let flags = "--pairs pairs.csv --pair-weight 0.3";
    let fitted = fit(&dir, &format!("--input x.npy --items items.txt {flags}"));
    assert_eq!(fitted["fingerprint"], expected["fingerprint"]);
    assert_eq!(fitted["pairs"]["pairs"], pairs().len());
    assert_eq!((&fitted["pairs"]["weight"], &fitted["pairs"]["unknown_keys"]), (&0.3.into(), &0.into()));
    assert_eq!(fitted["pairs"]["on_disk"], false);
    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!(info["parameters"]["pair_weight"], 0.3);
    dir.write("fit.json", info["parameters"].to_string());
    for flags in [
        format!("--input x.jsonl --id-column item {flags}"),
        format!("--input x.npy --items items.txt {flags} --device reference"),
        "--input x.npy --items items.txt --pairs pairs.csv --config fit.json".to_owned(),
    ] {
        assert_eq!(fit(&dir, &flags)["fingerprint"], expected["fingerprint"], "{flags}");
    }
    assert_ne!(fit(&dir, "--input x.npy")["fingerprint"], expected["fingerprint"]);
    dir.fails("fit --input x.npy --output n.safetensors --config fit.json", &["fit.json", "pair_weight", "--pairs"]);
}

#[test]
fn rows_are_mixed_before_an_encode_only_where_that_is_asked() {
    let dir = folder(0.5);
    fit(&dir, "--input x.npy --items items.txt --pairs pairs.csv");
    let codes = |flags: &str| {
        dir.semid(&format!("encode --model m.safetensors --output c.npy --json {flags}")).json(0);
        dir.read("c.npy")
    };
    let (plain, mixed) = (codes("--input x.npy"), codes("--input mixed.npy"));
    assert_ne!(plain, mixed);
    assert_eq!(codes("--input x.npy --items items.txt --pairs pairs.csv"), mixed);
    assert_eq!(codes("--input x.jsonl --id-column item --pairs pairs.csv --pair-weight 0.5"), mixed);
    assert_eq!(codes("--input x.npy --items items.txt --pairs pairs.csv --pair-weight 0"), plain);
    // Registries give the IDs of the mixed rows.
    let ids = |flags: &str, db: &str| {
        let assign = "assign --model m.safetensors --items items.txt --output ids.csv --json";
        let told = dir.semid(&format!("{assign} --db {db} {flags}")).json(0);
        (told, dir.text("ids.csv"))
    };
    let (told, found) = ids("--input x.npy --pairs pairs.csv", "a.db");
    assert_eq!(told["pairs"]["rows"], 100);
    assert_eq!(found, ids("--input mixed.npy", "b.db").1);
}

#[test]
fn commands_with_a_model_mix_by_its_weight() {
    let dir = folder(0.3);
    fit(&dir, "--input x.npy --items items.txt --pairs pairs.csv --pair-weight 0.3");
    let ids = |flags: &str, db: &str| {
        dir.semid(&format!("assign --model m.safetensors --items items.txt --output ids.csv --db {db} {flags}")).ok();
        dir.text("ids.csv")
    };
    let expected = ids("--input mixed.npy", "a.db");
    assert_eq!(ids("--input x.npy --pairs pairs.csv", "b.db"), expected);
    assert_ne!(ids("--input x.npy --pairs pairs.csv --pair-weight 0.9", "c.db"), expected);
    let eval = "eval --model m.safetensors --input x.npy --items items.txt --smooth-pairs pairs.csv --k 3 --json";
    assert_eq!(dir.semid(eval).json(0)["pairs"]["weight"], 0.3);
}

#[test]
fn unknown_keys_and_pairs_of_one_item_are_named() {
    let dir = folder(0.5);
    dir.write("more.csv", format!("{}i1,x1\nx2,x1\ni5,i5\n", dir.text("pairs.csv")));
    let Run { stdout, stderr, .. } = dir.semid(
        "fit --levels 1 --clusters 4 --output m.safetensors --input x.npy --items items.txt --pairs more.csv --json",
    );
    let told: Value = serde_json::from_str(&stdout).unwrap();
    let facts =
        ["pairs", "self_pairs", "unknown_pairs", "unknown_keys"].map(|name| told["pairs"][name].as_u64().unwrap());
    assert_eq!(facts, [pairs().len() as u64, 1, 2, 2]);
    for part in
        ["more.csv: 2 pairs with keys that no row has (2 keys: \"x1\", \"x2\")", "1 pair of an item with itself"]
    {
        assert!(stderr.contains(part), "{part}: {stderr}");
    }
    let model = Model::load(dir.path("m.safetensors")).unwrap();
    assert!(model.blocks().is_none());
}

#[test]
fn bad_pairs_are_refused() {
    let dir = folder(0.5);
    let fit = "fit --levels 1 --clusters 4 --output n.safetensors --input x.npy";
    dir.fails(&format!("{fit} --pairs pairs.csv"), &["x.npy", "--id-column", "--items"]);
    dir.write("others.csv", "a,b\nx,y\n");
    dir.fails(&format!("{fit} --items items.txt --pairs others.csv"), &["others.csv", "no pair"]);
    dir.fails(&format!("{fit} --items items.txt --pairs pairs.csv --pair-weight 1.5"), &["0 to 1"]);
    dir.write("twice.txt", format!("i1\n{}", (1..ROWS).map(|row| format!("i{row}\n")).collect::<String>()));
    dir.fails(&format!("{fit} --items twice.txt --pairs pairs.csv"), &["i1", "rows 0 and 1"]);
    dir.fails(&format!("{fit} --items items.txt --pairs missing.csv"), &["missing.csv"]);
    let run = dir.semid(&format!("{fit} --items items.txt"));
    assert_eq!(run.code, Some(2), "{}", run.stderr);
}

/// What prefixes say about partners is that of the IDs which `encode` gives, with and without pairs.
#[test]
fn evaluations_and_pages_know_pairs() {
    let dir = folder(0.5);
    fit(&dir, "--input x.npy --items items.txt --pairs pairs.csv");
    let encode = "encode --model m.safetensors --input x.jsonl --id-column item";
    dir.semid(&format!("{encode} --output plain.csv")).ok();
    dir.semid(&format!("{encode} --output mixed.csv --pairs pairs.csv")).ok();
    let of_ids = |name: &str| {
        dir.semid(&format!("eval --ids {name}.csv --interactions pairs.csv --json")).json(0)["co_occurrence"].clone()
    };
    let eval = "eval --model m.safetensors --items items.txt --k 3 --json";
    let found = dir.semid(&format!("{eval} --input x.npy --interactions pairs.csv --smooth-pairs pairs.csv")).json(0);
    assert_eq!((&found["co_occurrence"], &found["co_occurrence_unmixed"]), (&of_ids("mixed"), &of_ids("plain")));
    assert_ne!(found["co_occurrence"], found["co_occurrence_unmixed"]);
    assert_eq!((&found["pairs"]["weight"], &found["pairs"]["pairs"]), (&0.5.into(), &pairs().len().into()));
    let by_hand = dir.semid("eval --model m.safetensors --input mixed.npy --k 3 --json").json(0);
    for name in ["mse", "collision_rate", "recall_at_k", "distance_correlation"] {
        assert_eq!(found[name], by_hand[name], "{name}");
    }
    let plain = dir.semid(&format!("{eval} --input x.npy --interactions pairs.csv")).json(0);
    assert_eq!(plain["co_occurrence"], of_ids("plain"));
    assert!(plain.get("co_occurrence_unmixed").is_none() && plain.get("pairs").is_none());
    let text = dir.semid(
        "eval --model m.safetensors --items items.txt --k 0 --input x.npy --interactions pairs.csv --smooth-pairs \
         pairs.csv",
    );
    assert!(text.ok().contains("The same without --smooth-pairs"));
    dir.semid(
        "report --model m.safetensors --input x.npy --items items.txt --interactions pairs.csv --smooth-pairs \
         pairs.csv --output r.html",
    )
    .ok();
    let page = dir.text("r.html");
    for part in ["Items used together", "The same for codes of the rows as they are", "Mixed rows", "Pairs of items"] {
        assert!(page.contains(part), "{part}");
    }
    for (flags, parts) in [
        ("--interactions pairs.csv", &["--items FILE"][..]),
        ("--smooth-pairs pairs.csv", &["--items FILE"]),
        ("--items items.txt", &["--items", "--interactions", "--smooth-pairs"]),
    ] {
        dir.fails(&format!("eval --model m.safetensors --input x.npy {flags}"), parts);
    }
}
