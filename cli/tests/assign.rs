//! IDs given by `semid assign` follow the rules, and stay.

use super::{Dir, values};
use semid::io::{read_codes, read_strings};
use serde_json::Value;
use std::collections::HashMap;

const ASSIGN: &str = "assign --db ids.db --input x.npy --items items.txt";

/// The codes that `semid encode` gives to the rows of `x.npy`.
fn codes(dir: &Dir) -> Vec<Vec<u32>> {
    dir.semid("encode --model m.safetensors --input x.npy --output codes.npy").ok();
    let (values, levels) = read_codes(dir.path("codes.npy")).unwrap();
    values.chunks_exact(levels).map(<[u32]>::to_vec).collect()
}

/// Items and IDs of a csv file.
fn ids(dir: &Dir, name: &str) -> HashMap<String, String> {
    let text = dir.text(name);
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("item,id"));
    lines.map(|line| line.split_once(',').unwrap()).map(|(item, id)| (item.to_owned(), id.to_owned())).collect()
}

#[test]
fn every_resolver_and_format_follows_its_rule() {
    let dir = Dir::with_items();
    let codes = codes(&dir);
    let row = |codes: &[u32], separator: &str, last: Option<String>| {
        codes.iter().map(u32::to_string).chain(last).collect::<Vec<_>>().join(separator)
    };
    let suffix = |of: &dyn Fn(&[u32], usize) -> String| {
        let mut seen: HashMap<&[u32], usize> = HashMap::new();
        let texts = codes.iter().enumerate().map(|(i, codes)| {
            let count = seen.entry(codes).and_modify(|count| *count += 1).or_insert(0);
            format!("item {i},{}\n", of(codes, *count))
        });
        texts.collect::<String>()
    };
    let needed = |i: usize| (i > 0).then(|| i.to_string());
    let cases = [
        ("", suffix(&|codes, i| row(codes, "-", needed(i)))),
        ("--separator -_", suffix(&|codes, i| row(codes, "-_", needed(i)))),
        ("--always-suffix", suffix(&|codes, i| row(codes, "-", Some(i.to_string())))),
        (
            "--format token",
            suffix(&|codes, i| {
                format!("<a_{}><b_{}>{}", codes[0], codes[1], needed(i).map(|i| format!("<c_{i}>")).unwrap_or_default())
            }),
        ),
    ];
    for (flags, expected) in cases {
        dir.semid(&format!("{ASSIGN} --model m.safetensors --output ids.csv {flags}")).ok();
        assert!(dir.text("ids.csv") == format!("item,id\n{expected}"), "{flags}");
        std::fs::remove_file(dir.path("ids.db")).unwrap();
    }
    dir.semid(&format!("{ASSIGN} --model m.safetensors --output ids.csv --resolver item-id")).ok();
    for (i, line) in dir.text("ids.csv").lines().skip(1).enumerate() {
        assert_eq!(line, format!("item {i},{}", row(&codes[i], "-", Some(format!("item%20{i}")))));
    }
}

#[test]
fn assigning_again_gives_the_same_files_byte_for_byte() {
    let dir = Dir::with_items();
    for output in ["ids.csv", "ids.jsonl", "ids.parquet"] {
        let mut files = Vec::new();
        for flags in ["--model m.safetensors", "", "--device reference", "--threads 1 --json", "--batch-rows 7"] {
            dir.semid(&format!("{ASSIGN} --output {output} {flags}")).ok();
            files.push(dir.read(output));
        }
        assert!(files.iter().all(|file| *file == files[0]), "{output}");
    }
    assert_eq!(read_strings(dir.path("ids.parquet"), "id").unwrap()[299], ids(&dir, "ids.csv")["item 299"]);
    let line: Value = serde_json::from_str(dir.text("ids.jsonl").lines().nth(4).unwrap()).unwrap();
    let id = ids(&dir, "ids.csv")["item 4"].clone();
    assert_eq!((line["item"].as_str(), line["id"].as_str()), (Some("item 4"), Some(id.as_str())));
    assert_eq!(line["codes"].as_array().map(Vec::len), Some(2));
    assert!(!dir.files().iter().any(|name| name.starts_with(".semid")), "{:?}", dir.files());
}

#[test]
fn ids_depend_on_neither_parts_nor_later_order_nor_what_is_added() {
    let dir = Dir::with_items();
    let (rows, dim) = (values(300, 6), 6);
    let part = |name: &str, numbers: &[usize]| {
        let values: Vec<f32> = numbers.iter().flat_map(|i| &rows[i * dim..(i + 1) * dim]).copied().collect();
        dir.npy_of(&format!("{name}.npy"), dim, &values);
        dir.items(&format!("{name}.txt"), numbers.iter().copied());
        format!("assign --model m.safetensors --input {name}.npy --items {name}.txt --output {name}.csv --json")
    };
    dir.semid(&format!("{ASSIGN} --model m.safetensors --output whole.csv")).ok();
    let whole = ids(&dir, "whole.csv");

    let (first, second): (Vec<usize>, Vec<usize>) = (0..300).partition(|i| *i < 110);
    let first = dir.semid(&format!("{} --db parts.db", part("first", &first))).json(0);
    assert_eq!((&first["new"], &first["kept"]), (&110.into(), &0.into()));
    let all: Vec<usize> = [first_rows_backwards(), second].concat();
    let second = dir.semid(&format!("{} --db parts.db", part("second", &all))).json(0);
    assert_eq!((&second["new"], &second["kept"], &second["items"]), (&190.into(), &110.into(), &300.into()));
    assert!(ids(&dir, "second.csv") == whole);

    let shuffled: Vec<usize> = (0..300).map(|i| i * 77 % 300).collect();
    let shuffled = dir.semid(&format!("{} --db parts.db", part("shuffled", &shuffled))).json(0);
    assert_eq!((&shuffled["new"], &shuffled["changed"]), (&0.into(), &0.into()));
    assert!(ids(&dir, "shuffled.csv") == whole);
    assert!(dir.text("shuffled.csv").lines().nth(2).unwrap().starts_with("item 77,"), "in the order of the input");
}

fn first_rows_backwards() -> Vec<usize> {
    (0..110).rev().collect()
}

#[test]
fn changed_items_keep_their_ids_unless_asked() {
    let dir = Dir::with_items();
    dir.semid(&format!("{ASSIGN} --model m.safetensors --output before.csv")).ok();
    let former = codes(&dir);
    let mut moved = values(300, 6);
    moved[..60].rotate_left(6); // the first ten rows have the embeddings of their followers
    dir.npy_of("x.npy", 6, &moved);
    let changed = codes(&dir).iter().zip(&former).filter(|(now, before)| now != before).count();
    assert!((3..=10).contains(&changed), "{changed}");

    let kept = dir.semid(&format!("{ASSIGN} --output kept.csv --json")).json(0);
    let counts = |report: &Value| ["new", "kept", "changed", "retired"].map(|name| report[name].as_u64().unwrap());
    assert_eq!(counts(&kept), [0, 300, changed as u64, 0]);
    assert!(dir.read("kept.csv") == dir.read("before.csv"));

    let updated = dir.semid(&format!("{ASSIGN} --output updated.csv --json --update-changed")).json(0);
    assert_eq!(counts(&updated), [changed as u64, 300 - changed as u64, changed as u64, changed as u64]);
    let (before, after) = (ids(&dir, "before.csv"), ids(&dir, "updated.csv"));
    assert_eq!(before.iter().filter(|(item, id)| after[*item] != **id).count(), changed);
    for (item, id) in before.iter().filter(|(item, id)| after[*item] != **id) {
        assert!(after.values().all(|other| other != id), "the retired ID of {item} was given again");
    }
}

#[test]
fn the_report_says_what_happened() {
    let dir = Dir::with_items();
    let codes = codes(&dir);
    let distinct = codes.iter().collect::<std::collections::HashSet<_>>().len();
    let args = format!("{ASSIGN} --model m.safetensors --device cpu");
    let report = dir.semid(&format!("{args} --json")).json(0);
    let expected = "added_squared_distance changed collisions db device fingerprint items kept moved new output \
                    retired seconds warnings";
    let names: Vec<&str> = report.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.join(" "), expected);
    assert_eq!(report["collisions"], 300 - distinct);
    assert_eq!((&report["db"], &report["device"]), (&"ids.db".into(), &"cpu".into()));
    let info = dir.semid("info --model m.safetensors --json").json(0);
    assert_eq!(info["fingerprint"], report["fingerprint"]);

    let text = dir.semid(&format!("{args} --output ids.csv")).ok();
    assert!(text.contains("0 new, 300 kept") && text.ends_with("registered in ids.db\nsaved ids.csv\n"), "{text}");
}
