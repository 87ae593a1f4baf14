//! Levels whose codes labels give.

use super::{Dir, values};
use semid::Model;
use serde_json::Value;
use std::collections::BTreeMap;

const KINDS: [&str; 4] = ["cup", "tea", "", "pot"];

fn kind(row: usize) -> &'static str {
    KINDS[row * 5 % 7 % 4]
}

/// A folder with rows of two dimensions and their categories, as columns and as files.
fn folder() -> Dir {
    let dir = Dir::new();
    let rows = values(200, 2);
    let line = |(row, values): (usize, &[f32])| format!("i{row},{},{},{}\n", kind(row), values[0], values[1]);
    let csv: String = rows.chunks_exact(2).enumerate().map(line).collect();
    dir.write("x.csv", format!("item,category,a,b\n{csv}"));
    dir.npy_of("x.npy", 2, &rows);
    dir.write("category.txt", (0..200).map(|row| format!("{}\n", kind(row))).collect::<String>());
    dir
}

fn fit(dir: &Dir, flags: &str) -> Value {
    let fit = "fit --levels 2 --clusters 4 --output m.safetensors --json";
    dir.semid(&format!("{fit} {flags}")).json(0)
}

/// The first codes of IDs in a file, by row.
fn first_codes(dir: &Dir, name: &str) -> Vec<u64> {
    let code = |line: &str| serde_json::from_str::<Value>(line).unwrap()["codes"][0].as_u64().unwrap();
    dir.text(name).lines().map(code).collect()
}

#[test]
fn the_first_codes_follow_the_column() {
    let dir = folder();
    let of_column = fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    let model = Model::load(dir.path("m.safetensors")).unwrap();
    assert_eq!((model.clusters(), model.label_tables()[0].column()), (vec![4, 4, 4], "category"));
    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!(info["label_columns"][0], "category");
    dir.semid("encode --model m.safetensors --input x.csv --columns a,b --output a.jsonl --id-column item").ok();
    let code = |row: usize| [3, 0, 1, 2][["", "cup", "pot", "tea"].iter().position(|of| *of == kind(row)).unwrap()];
    let expected: Vec<u64> = (0..200).map(code).collect();
    assert_eq!(first_codes(&dir, "a.jsonl"), expected);
    let of_file = fit(&dir, "--input x.npy --prefix-labels category.txt --unknown reserve");
    assert_eq!(of_file["fingerprint"], of_column["fingerprint"]);
    let encode = "encode --model m.safetensors --input x.npy";
    dir.semid(&format!("{encode} --prefix-labels category.txt --output b.jsonl")).ok();
    assert_eq!(first_codes(&dir, "b.jsonl"), expected);
    // Without labels every row has the reserved code, and the tool says so.
    let said = dir.semid(&format!("{encode} --output c.jsonl --json"));
    assert!(said.stderr.contains("all labels count as unknown"), "{}", said.stderr);
    assert_eq!(first_codes(&dir, "c.jsonl"), [3; 200]);
    let nearest = fit(&dir, "--input x.npy --prefix-labels category.txt");
    assert_ne!(nearest["fingerprint"], of_file["fingerprint"]);
    assert_eq!(nearest["levels"][0]["clusters"], 3);
    dir.semid(&format!("{encode} --prefix-labels category.txt --output d.jsonl")).ok();
    let known = |row: &usize| !kind(*row).is_empty();
    let codes = first_codes(&dir, "d.jsonl");
    assert!((0..200).filter(known).all(|row| codes[row] == expected[row]) && codes.iter().all(|code| *code < 3));
}

/// Everything after the codes knows nothing of labels: registries, lookups, tries and evaluations work by codes alone.
#[test]
fn registries_exports_and_evaluations_take_the_codes() {
    let dir = folder();
    fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    let assign = "assign --db ids.db --input x.csv --columns a,b --id-column item --output ids.jsonl";
    dir.semid(&format!("{assign} --model m.safetensors --fixed-depth")).ok();
    let first = dir.read("ids.jsonl");
    // The database has the model, which names its column.
    let again = dir.semid(&format!("{assign} --json")).json(0);
    assert_eq!((&again["new"], &again["kept"]), (&0.into(), &200.into()));
    assert_eq!(dir.read("ids.jsonl"), first);
    let mut kinds: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (row, code) in first_codes(&dir, "ids.jsonl").into_iter().enumerate() {
        kinds.entry(code).or_default().push(kind(row));
    }
    assert!(kinds.len() == 4 && kinds.values().all(|kinds| kinds.iter().all(|kind| *kind == kinds[0])));
    let (tea, count) = (2, (0..200).filter(|row| kind(*row) == "tea").count());
    let found = dir.semid(&format!("lookup --db ids.db --prefix {tea} --limit 200 --json")).json(0);
    assert_eq!(found["items"], count, "{found}");
    dir.semid("export --db ids.db --output trie.safetensors --first-token 0").ok();
    dir.semid("export --db ids.db --output vocabulary.json --first-token 0").ok();
    let quality =
        dir.semid("eval --model m.safetensors --input x.csv --columns a,b --labels category.txt --k 3 --json");
    let quality = quality.json(0);
    assert_eq!(quality["prefix_purity"][0]["purity"], 1.0, "{}", quality["prefix_purity"]);
    let same = "eval --model m.safetensors --input x.csv --columns a,b --k 0 --against m.safetensors --json";
    assert_eq!(dir.semid(same).json(0)["stability"]["unchanged_codes"][0], 1.0);
    dir.semid("report --model m.safetensors --input x.csv --columns a,b --id-column item --k 3 --output r.html").ok();
    let by_ids = dir.semid("eval --ids ids.jsonl --json").json(0);
    assert_eq!(by_ids["collision_rate"], 0.0, "{by_ids}");
    dir.semid("verify --model m.safetensors --input x.npy --device cpu").ok();
}

#[test]
fn labels_that_make_no_sense_are_refused() {
    let dir = folder();
    let fails = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("fit --input x.npy --output m.safetensors --levels 2 --clusters 4 {flags}"), parts);
    };
    dir.write("short.txt", "a\nb\n");
    dir.write("none.txt", "\n".repeat(200));
    fails("--prefix-labels short.txt", &["short.txt", "2 labels for 200 rows"]);
    fails("--prefix-labels none.txt", &["different ones in column 0"]);
    fails("--prefix-column category", &["--prefix-column needs an input that has columns", "--prefix-labels FILE"]);
    fails("--unknown reserve", &["--prefix-column"]);
    fails("--prefix-labels category.txt --balanced", &["left out, or balance"]);
    fails("--prefix-labels category.txt --kind rq-vae", &["--prefix-labels is for --kind rq-kmeans"]);
    fit(&dir, "--input x.npy --prefix-labels category.txt");
    let fails = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("encode --input x.npy --output codes.npy --model m.safetensors {flags}"), parts);
    };
    fails("--prefix-labels category.txt --prefix-labels category.txt", &["one column for each of the 1 level"]);
    fails("--prefix-labels category.txt --beam 4", &["`beam` = 4"]);
    fails("--capacity 60 --prefix-labels category.txt", &["`capacity` = 60"]);
}
