//! Levels whose codes labels give.

use super::{Dir, values};
use semid::Model;
use serde_json::{Value, json};
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
    let expected = json!([{ "column": "category", "labels": ["cup", "pot", "tea", null], "unknown_code": 3 }]);
    assert_eq!(info["label_levels"], expected);
    let text = dir.semid("info --model m.safetensors").ok();
    assert!(text.contains("level 1       0 \"cup\", 1 \"pot\", 2 \"tea\", 3 unknown\n"), "{text}");
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

/// The warnings of a command about labels, in text and as JSON.
fn warned(dir: &Dir, args: &str) -> Vec<String> {
    let run = dir.semid(&format!("{args} --json"));
    assert_eq!(run.code, Some(0), "{args}: {}", run.stderr);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let all = json["warnings"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned());
    let found: Vec<String> = all.filter(|text| text.contains("label")).collect();
    assert!(found.iter().all(|text| run.stderr.contains(text.as_str())), "{args}: {}", run.stderr);
    found
}

#[test]
fn rows_without_a_known_label_are_counted() {
    let dir = folder();
    let columns = "--input x.csv --columns a,b";
    let missing = (0..200).filter(|row| kind(*row).is_empty()).count();
    let unknown = missing + (0..200).filter(|row| kind(*row) == "tea").count();
    dir.write("new.csv", dir.text("x.csv").replace(",tea,", ",coffee,"));
    dir.write("one.csv", dir.text("new.csv").lines().take(4).map(|line| format!("{line}\n")).collect::<String>());
    for (flag, code) in [("nearest", "of the nearest label"), ("reserve", "that is reserved for unknown labels")] {
        let fit = "fit --levels 2 --clusters 4 --output m.safetensors --prefix-column category --unknown";
        let expected = format!("{missing} of 200 rows have no label in \"category\"; they get the code {code}");
        assert_eq!(warned(&dir, &format!("{fit} {flag} {columns}")), [expected.as_str()]);
        let expected = format!("{unknown} of 200 rows have no known label in \"category\"; they get the code {code}");
        let columns = "--model m.safetensors --input new.csv --columns a,b";
        for command in
            ["encode --output c.npy", "eval --k 3", "report --k 3 --output r.html", "assign --id-column item --db n.db"]
        {
            assert_eq!(warned(&dir, &format!("{command} {columns}")), [expected.as_str()], "{command}");
        }
        std::fs::remove_file(dir.path("n.db")).unwrap();
        let one = "encode --output c.npy --model m.safetensors --input one.csv --columns a,b";
        let expected = format!("1 of 3 rows has no known label in \"category\"; it gets the code {code}");
        assert_eq!(warned(&dir, one), [expected]);
    }
}

/// A first line without a label, or a first file without columns, does not cost the others their labels.
#[test]
fn labels_are_looked_for_in_all_lines_and_files() {
    let dir = folder();
    fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    dir.semid("encode --model m.safetensors --input x.csv --columns a,b --output a.jsonl").ok();
    let line = |(row, values): (usize, &[f32])| match kind(row) {
        _ if row == 0 => format!("{{\"embedding\":{values:?}}}\n"),
        kind => format!("{{\"category\":{kind:?},\"embedding\":{values:?}}}\n"),
    };
    dir.write("x.jsonl", values(200, 2).chunks_exact(2).enumerate().map(line).collect::<String>());
    dir.semid("encode --model m.safetensors --input x.jsonl --output b.jsonl").ok();
    let mut expected = first_codes(&dir, "a.jsonl");
    expected[0] = 3;
    assert_eq!(first_codes(&dir, "b.jsonl"), expected);
    for files in ["x.npy x.csv", "x.csv x.npy"] {
        let encode = format!("encode --model m.safetensors --columns a,b --output c.npy --input {files}");
        dir.fails(&encode, &["x.npy", "category", "give a file of another format"]);
    }
}

/// The text has the first labels of many, as much of each as is readable.
#[test]
fn info_lists_some_of_many_labels() {
    let dir = folder();
    let line = |row: usize| format!("{}{:03}\n", "\u{e9}".repeat(if row == 0 { 60 } else { 0 }), row % 20);
    dir.write("many.txt", (0..200).map(line).collect::<String>());
    fit(&dir, "--input x.npy --prefix-labels many.txt");
    let info = dir.semid("info --model m.safetensors --json").json(0);
    let labels = info["label_levels"][0]["labels"].as_array().unwrap();
    assert_eq!((labels.len(), &labels[19], info["label_levels"][0].get("unknown_code")), (21, &"019".into(), None));
    let text = dir.semid("info --model m.safetensors").ok();
    let shown: Vec<String> = (0..8).map(|code| format!("{code} \"{code:03}\"")).collect();
    assert!(text.contains(&format!("level 1       {}, and 13 more, see --json\n", shown.join(", "))), "{text}");
    dir.write("long.txt", (0..200).map(|row| ["\u{e9}", "b"][row % 2].repeat(60) + "\n").collect::<String>());
    fit(&dir, "--input x.npy --prefix-labels long.txt");
    let text = dir.semid("info --model m.safetensors").ok();
    let short = format!("0 \"{}\"..., 1 \"{}\"...\n", "b".repeat(24), "\u{e9}".repeat(24));
    assert!(text.contains(&short), "{text}");
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
    let verify = "verify --model m.safetensors --input x.npy --device cpu";
    let text = dir.semid(verify).ok();
    assert!(text.contains("\nlabels: unknown: every row has the reserved code\n"), "{text}");
    fit(&dir, "--input x.npy --prefix-labels category.txt");
    let verified = dir.semid(&format!("{verify} --json")).json(0);
    assert_eq!(verified["labels"], "unknown: every row has the code of the nearest label");
}

/// The file of parameters has the columns of labels and what rows without one get, and asks for the labels themselves.
#[test]
fn a_fit_with_labels_is_repeated_from_its_file() {
    let dir = folder();
    dir.write("brand.txt", (0..200).map(|row| format!("brand {}\n", row % 3)).collect::<String>());
    let (one, two) = ("--prefix-labels category.txt", "--prefix-labels category.txt --prefix-labels brand.txt");
    for (labels, unknown) in [(one, "reserve"), (one, "nearest"), (two, "reserve")] {
        let first = fit(&dir, &format!("--input x.npy {labels} --unknown {unknown}"));
        let before = dir.read("m.safetensors");
        let parameters = dir.semid("info --model m.safetensors --json").json(0)["parameters"].take();
        assert_eq!((&parameters["prefix_column"][0], &parameters["unknown"]), (&"category".into(), &unknown.into()));
        dir.write("fit.json", parameters.to_string());
        let again = "fit --input x.npy --config fit.json --output m.safetensors --json";
        let found = dir.semid(&format!("{again} {labels}")).json(0);
        assert_eq!((&found["fingerprint"], dir.read("m.safetensors") == before), (&first["fingerprint"], true));
        dir.fails(again, &["fit.json", "prefix_column", "category", "--prefix-column", "--prefix-labels"]);
        let other = if unknown == "nearest" { "reserve" } else { "nearest" };
        let flag = dir.semid(&format!("{again} {labels} --unknown {other}")).json(0);
        assert_ne!(flag["fingerprint"], first["fingerprint"], "flags win");
    }
    let again = "fit --input x.npy --config fit.json --output m.safetensors";
    dir.fails(&format!("{again} {one}"), &["fit.json", "prefix_column", "2 levels", "category, brand"]);
    dir.write("c.json", r#"{"unknown": "reserve"}"#);
    let config = "fit --input x.npy --config c.json --output m.safetensors --levels 2 --clusters 4";
    dir.fails(config, &["c.json", "unknown is about rows without a label", "--prefix-column"]);
    dir.write("c.json", r#"{"unknown": "none"}"#);
    dir.fails(&format!("{config} {one}"), &["c.json", "no `none`", "nearest or reserve"]);
}

/// A category with more items than codes gives the others a suffix, and not the codes of another category. Each of the
/// categories has 40 codes here, and one of them has fewer items.
#[test]
fn items_of_a_full_category_stay_in_it() {
    let dir = folder();
    let labels = "--prefix-column category --unknown reserve";
    let fit = format!("fit --levels 2 --clusters 8,5 --input x.csv --columns a,b {labels}");
    dir.semid(&format!("{fit} --output m.safetensors")).ok();
    let assign = "assign --db ids.db --input x.csv --columns a,b --id-column item --output ids.jsonl";
    let told = dir.semid(&format!("{assign} --model m.safetensors --resolver reassign --json")).json(0);
    assert!(told["moved"].as_u64().unwrap() > 10, "{told}");
    let searched = told;
    let code = |row: usize| [3, 0, 1, 2][["", "cup", "pot", "tea"].iter().position(|of| *of == kind(row)).unwrap()];
    let expected: Vec<u64> = (0..200).map(code).collect();
    let check = |name: &str| {
        assert_eq!(first_codes(&dir, name), expected);
        let id = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
        let mut ids: Vec<String> = dir.text(name).lines().map(id).collect();
        let mut sizes = Vec::new();
        for category in 0..4 {
            let items: Vec<usize> = (0..200).filter(|row| expected[*row] == category).collect();
            let without_suffix = items.iter().filter(|row| ids[**row].matches('-').count() == 2).count();
            assert_eq!(without_suffix, items.len().min(40), "category {category}");
            sizes.push(items.len());
        }
        assert!(sizes.iter().any(|items| *items < 40) && sizes.iter().any(|items| *items > 50), "{sizes:?}");
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), 200);
    };
    check("ids.jsonl");
    // All 40 codes of the category can be candidates.
    let other = assign.replace("ids.", "others.");
    let told = format!("{other} --model m.safetensors --resolver reassign --candidates 40 --beam 8 --json");
    let best = dir.semid(&told).json(0);
    assert!(best["moved"].as_u64().unwrap() > 10);
    // All candidates are known, where the search sees few of the free codes.
    let added = |told: &Value| told["added_squared_distance"].as_f64().unwrap();
    assert!(added(&best) < added(&searched), "{best} {searched}");
    check("others.jsonl");
}

/// Candidates of rows have the codes of their labels, and a beam of 1 finds the codes of an encode.
#[test]
fn beams_keep_the_codes_of_labels() {
    let dir = folder();
    fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    let encode = "encode --model m.safetensors --input x.csv --columns a,b";
    dir.semid(&format!("{encode} --output greedy.jsonl")).ok();
    dir.semid(&format!("{encode} --beam 4 --candidates 3 --output best.jsonl")).ok();
    dir.semid(&format!("{encode} --beam 1 --candidates 1 --output one.jsonl")).ok();
    let lines =
        |name: &str| -> Vec<Value> { dir.text(name).lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let (greedy, best, one) = (lines("greedy.jsonl"), lines("best.jsonl"), lines("one.jsonl"));
    assert_eq!((greedy.len(), best.len(), one.len()), (200, 600, 200));
    let mut nearer = 0;
    for (row, (greedy, one)) in greedy.iter().zip(&one).enumerate() {
        assert_eq!(greedy["codes"], one["codes"]);
        let distances: Vec<f64> = (best[3 * row..3 * row + 3].iter())
            .map(|of| {
                assert_eq!(of["codes"][0], greedy["codes"][0]);
                of["squared_distance"].as_f64().unwrap()
            })
            .collect();
        assert!(distances.is_sorted() && distances[0] <= one["squared_distance"].as_f64().unwrap());
        nearer += usize::from(distances[0] < one["squared_distance"].as_f64().unwrap());
    }
    assert!(nearer > 0);
    // So do evaluations and sweeps.
    let eval = "eval --model m.safetensors --input x.csv --columns a,b --k 0 --json";
    let error = |flags: &str| dir.semid(&format!("{eval} {flags}")).json(0)["mse"].as_f64().unwrap();
    assert!(error("--beam 4") < error(""));
    let sweep = "sweep --input x.csv --columns a,b --prefix-column category --levels 2 --clusters 4 --k 0 --beam 4";
    dir.semid(&format!("{sweep} --output s.jsonl")).ok();
}

#[test]
fn drift_reads_the_labels_of_both_sides() {
    let dir = folder();
    fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    let same = "drift --model m.safetensors --input x.csv --baseline x.csv --columns a,b";
    let told = dir.semid(&format!("{same} --json")).json(0);
    assert_eq!((&told["stable"], &told["warnings"].as_array().unwrap().len()), (&true.into(), &2));
    for (side, said) in ["input", "baseline"].iter().zip(told["warnings"].as_array().unwrap()) {
        let expected = format!("{side}: 56 of 200 rows have no known label in \"category\"");
        assert!(said.as_str().unwrap().starts_with(&expected), "{said}");
    }
    // The first codes are labels: the same rows with other labels are used in other proportions.
    let text = dir.text("x.csv");
    dir.write("tea.csv", text.replace(",cup,", ",tea,").replace(",pot,", ",tea,"));
    let moved = same.replace("--input x.csv", "--input tea.csv");
    let told = dir.semid(&format!("{moved} --json")).json(1);
    let level = &told["levels"][0];
    assert_eq!((&level["used_codes"]["baseline"], &level["used_codes"]["new"]), (&4.into(), &2.into()));
    assert_eq!(level["median_margin"]["new"], Value::Null);
    assert!(level["squared_error"]["new"].as_f64().unwrap() > level["squared_error"]["baseline"].as_f64().unwrap());
    let said = dir.semid(&moved);
    assert!(said.stdout.contains("drift: fit again, with the labels of the new rows"), "{}", said.stdout);
    assert!(said.stdout.contains("level 1: codes are used in other proportions"), "{}", said.stdout);
    // Files of labels say the same, and rows without labels are told.
    std::fs::create_dir(dir.path("tea")).unwrap();
    dir.write("tea/category.txt", dir.text("category.txt").replace("cup", "tea").replace("pot", "tea"));
    let files = "drift --model m.safetensors --input x.npy --baseline x.npy --json";
    let given = dir.semid(&format!("{files} --prefix-labels tea/category.txt --baseline-labels category.txt")).json(1);
    assert_eq!(given["levels"], told["levels"]);
    let without = dir.semid(files).json(0);
    assert!(without["warnings"][0].as_str().unwrap().contains("all labels count as unknown"), "{without}");
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
    fails("--prefix-labels none.txt", &["\"none\"", "no row of the fit has a label"]);
    fails("--prefix-column category", &["--prefix-column needs an input that has columns", "--prefix-labels FILE"]);
    fails("--unknown reserve", &["--prefix-column"]);
    let twice =
        "fit --input x.csv --columns a,b --output m.safetensors --prefix-column category --prefix-column category";
    dir.fails(twice, &["--prefix-column category", "given twice"]);
    // A label that no row of the fit has is none of its labels.
    dir.write("w.txt", (0..200).map(|row| if kind(row).is_empty() { "1\n" } else { "0\n" }).collect::<String>());
    fails("--prefix-labels category.txt --weights w.txt", &["\"category\"", "no row of the fit has a label"]);
    fails("--prefix-labels category.txt --balanced", &["must be left out, or balance"]);
    fails("--prefix-labels category.txt --kind rq-vae", &["--prefix-labels is for --kind rq-kmeans"]);
    fit(&dir, "--input x.npy --prefix-labels category.txt");
    // Sizes that differ too would be the second thing to say, and leaving them out would not help.
    let start = "fit --input x.npy --output o.safetensors --warm-start m.safetensors";
    for flags in ["", "--levels 2", "--clusters 9", "--prefix-labels category.txt"] {
        dir.fails(
            &format!("{start} {flags}"),
            &["m.safetensors", "a model without levels from labels", "fit with labels anew"],
        );
    }
    let plus = format!("{start} --kind rq-kmeans-plus --epochs 1");
    for flags in ["", "--levels 2"] {
        dir.fails(
            &format!("{plus} {flags}"),
            &["m.safetensors", "a model without levels from labels", "no network has"],
        );
    }
    let sweep = "sweep --input x.npy --k 0 --output s.jsonl --warm-start m.safetensors";
    for (kind, part) in [("rq-kmeans", "fit with labels anew"), ("rq-kmeans-plus", "no network has")] {
        dir.fails(&format!("{sweep} --kind {kind}"), &["m.safetensors", "a model without levels from labels", part]);
    }
    let align = "fit --input x.npy --output o.safetensors --align-to m.safetensors --levels 2";
    dir.fails(align, &["--align-to m.safetensors", "labels give the first codes"]);
    let drift = "drift --model m.safetensors --input x.npy --baseline x.npy --prefix-labels category.txt";
    dir.fails(drift, &["each file of --prefix-labels needs one of --baseline-labels"]);
    dir.fails(&format!("{drift} --baseline-labels short.txt"), &["short.txt", "2 labels for 200 rows"]);
    let fails = |flags: &str, parts: &[&str]| {
        dir.fails(&format!("encode --input x.npy --output codes.npy --model m.safetensors {flags}"), parts);
    };
    fails("--prefix-labels category.txt --prefix-labels category.txt", &["labels of 1 level", "those of 2"]);
    fails("--prefix-labels category.txt --beam 2000", &["`beam` = 2000", "1 to 1024"]);
    fails("--prefix-labels category.txt --beam 2 --candidates 9", &["`candidates` = 9", "1 to 8"]);
    fails("--capacity 60 --prefix-labels category.txt", &["`capacity` = 60"]);
}

/// A folder with rows and two columns of labels, in two files that name them in both ways.
fn two_columns() -> Dir {
    let dir = Dir::new();
    let rows = values(120, 2);
    let line = |(row, values): (usize, &[f32])| {
        format!("{},{},{},{}\n", ["tea", "cup"][row % 2], ["red", "blue", "old"][row * 5 % 7 % 3], values[0], values[1])
    };
    let lines: String = rows.chunks_exact(2).enumerate().map(line).collect();
    dir.write("x.csv", format!("kind,hue,a,b\n{lines}"));
    dir.write("y.csv", format!("what,shade,a,b\n{lines}"));
    dir
}

#[test]
fn columns_of_labels_go_by_the_names_of_the_model() {
    let dir = two_columns();
    fit(&dir, "--input x.csv --columns a,b --prefix-column kind --prefix-column hue");
    let encode = |flags: &str| {
        dir.semid(&format!("encode --model m.safetensors --columns a,b --output c.npy {flags}")).ok();
        dir.read("c.npy")
    };
    let expected = encode("--input x.csv");
    assert_eq!(encode("--input x.csv --prefix-column kind --prefix-column hue"), expected);
    assert_eq!(encode("--input x.csv --prefix-column hue --prefix-column kind"), expected);
    assert_eq!(encode("--input y.csv --prefix-column what --prefix-column shade"), expected);
    // Other names stand in the order of the levels, and what is said of them is about these columns.
    let turned = "encode --model m.safetensors --columns a,b --output c.npy --input y.csv --prefix-column shade \
                  --prefix-column what";
    let said = dir.semid(turned).stderr;
    assert!(said.contains("120 of 120 rows have no known label in \"shade\""), "{said}");
}

/// The devices encode rows with the labels of the input: the codes that an encode gives.
#[test]
fn verify_reads_the_labels() {
    let dir = folder();
    fit(&dir, "--input x.csv --columns a,b --prefix-column category --unknown reserve");
    dir.semid("encode --model m.safetensors --input x.csv --columns a,b --output c.npy").ok();
    let codes = semid::io::read_codes(dir.path("c.npy")).unwrap().0;
    let verify = "verify --model m.safetensors --device cpu --json";
    let sha256 = |values: &[u32]| {
        use sha2::Digest;
        let bytes: Vec<u8> = values.iter().flat_map(|code| code.to_le_bytes()).collect();
        sha2::Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
    };
    let found = dir.semid(&format!("{verify} --input x.csv --columns a,b")).stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!((&found["labels"], &found["equal"]), (&"those of the input".into(), &true.into()));
    assert_eq!(found["devices"][0]["codes_sha256"], sha256(&codes));
    // Of every second row, too.
    let some: Vec<u32> = codes.chunks_exact(3).step_by(2).flatten().copied().collect();
    let found = dir.semid(&format!("{verify} --input x.csv --columns a,b --rows 100")).stdout;
    let found: Value = serde_json::from_str(&found).unwrap();
    assert_eq!(found["devices"][1]["codes_sha256"], sha256(&some));
    let found = dir.semid(&format!("{verify} --input x.npy")).stdout;
    assert!(found.contains("unknown: every row has the reserved code"), "{found}");
}
