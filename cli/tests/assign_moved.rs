//! `--resolver reassign`: items whose codes are taken move, and the report says what that costs.

use super::{Dir, Run, values};
use semid::io::{NpyRows, NpyWriter, read_codes};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

const ASSIGN: &str = "assign --db ids.db --model m.safetensors --input x.npy --items items.txt --resolver reassign";

/// The codes of the rows as encoded, and as registered by `assign` with the flags, with its report.
fn moved(dir: &Dir, flags: &str) -> (Vec<Vec<u32>>, Vec<Vec<u32>>, Value) {
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    let encoded = read_codes(dir.path("c.npy")).unwrap().0.chunks_exact(2).map(<[u32]>::to_vec).collect();
    let report = dir.semid(&format!("{ASSIGN} --output ids.jsonl --json {flags}")).json(0);
    let text = dir.text("ids.jsonl");
    let codes = text.lines().map(|line| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["codes"].as_array().unwrap().iter().map(|code| code.as_u64().unwrap() as u32).collect()
    });
    (encoded, codes.collect(), report)
}

/// Squared distances of the rows of `x.npy` to what these codes decode to, summed.
fn squared_error(dir: &Dir, codes: &[Vec<u32>]) -> f64 {
    let mut out = NpyWriter::<u32>::create(dir.path("of.npy"), codes.len(), 2).unwrap();
    out.write(&codes.concat()).unwrap();
    out.finish().unwrap();
    dir.semid("decode --model m.safetensors --input of.npy --output decoded.npy").ok();
    let mut decoded = vec![0.0; codes.len() * 6];
    semid::Rows::read(&NpyRows::open(dir.path("decoded.npy")).unwrap(), 0, &mut decoded).unwrap();
    values(codes.len(), 6).iter().zip(decoded).map(|(a, b)| (f64::from(*a) - f64::from(b)).powi(2)).sum()
}

#[test]
fn items_share_codes_no_more_than_allowed_and_the_cost_is_told() {
    let dir = Dir::with_items();
    let (encoded, codes, report) = moved(&dir, "--capacity 5"); // 64 codes have 320 places for 300 items
    let mut buckets: HashMap<&[u32], usize> = HashMap::new();
    codes.iter().for_each(|codes| *buckets.entry(codes).or_default() += 1);
    assert!(buckets.values().all(|items| *items <= 5), "{buckets:?}");
    let moves = codes.iter().zip(&encoded).filter(|(codes, encoded)| codes != encoded).count();
    assert!(moves > 10);
    assert_eq!((&report["moved"], &report["new"]), (&moves.into(), &300.into()));
    let added = squared_error(&dir, &codes) - squared_error(&dir, &encoded);
    let told = report["added_squared_distance"].as_f64().unwrap();
    assert!(added > 1.0 && (told - added).abs() < 1e-3 * added, "{told} is told, {added} is measured");

    let row = (0..300).find(|row| codes[*row] != encoded[*row]).unwrap();
    let args = "lookup --db ids.db --json --item";
    let found = Run::of(args, dir.command(args).arg(format!("item {row}")).output().unwrap()).json(0);
    assert_eq!((&found["codes"], &found["encoded"]), (&codes[row].clone().into(), &encoded[row].clone().into()));
    let stats = dir.semid("stats --db ids.db --json").json(0);
    assert_eq!((&stats["items_moved"], &stats["capacity"]), (&moves.into(), &5.into()));
    assert_eq!(stats["resolver"], "reassign");
}

#[test]
fn moved_items_stay_where_they_are() {
    let dir = Dir::with_items();
    // 256 codes, of which some are left: with 64 every code has an item already.
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 16").ok();
    let (_, _, report) = moved(&dir, "");
    assert!(report["collisions"].as_u64() >= report["moved"].as_u64() && report["moved"].as_u64() > Some(0));
    let first = dir.text("ids.jsonl");
    for flags in ["", "--device reference", "--update-changed", "--batch-rows 31"] {
        let (_, _, report) = moved(&dir, flags);
        assert_eq!((&report["kept"], &report["changed"]), (&300.into(), &0.into()), "{flags}");
        assert!(dir.text("ids.jsonl") == first, "{flags}");
    }
    let text = dir.semid(&ASSIGN.replace("ids.db", "other.db")).ok();
    assert!(text.contains(" moved, which added "), "{text}");
    dir.fails(&format!("{ASSIGN} --capacity 2"), &["ids.db", "capacity 1", "not 2"]);
}

/// `--candidates`: the sum of distances is smaller than without, items change their first codes where that is nearer,
/// and every device gives the same IDs.
#[test]
fn items_move_to_candidates_of_all_levels() {
    let dir = Dir::with_items();
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 24").ok();
    let run = |flags: &str| {
        let found = moved(&dir, flags);
        std::fs::remove_file(dir.path("ids.db")).unwrap();
        found
    };
    let (encoded, plain, without) = run("");
    let (_, codes, with) = run("--candidates 32");
    assert_eq!(codes.iter().collect::<HashSet<_>>().len(), 300);
    assert_eq!((&with["new"], &with["collisions"]), (&300.into(), &without["collisions"]));
    let first = |codes: &[Vec<u32>]| codes.iter().zip(&encoded).filter(|(to, from)| to[0] != from[0]).count();
    assert!(first(&codes) > first(&plain) + 10, "{} {}", first(&codes), first(&plain));
    let [with, without] = [&with, &without].map(|report| report["added_squared_distance"].as_f64().unwrap());
    assert!(with < 0.7 * without, "{with} with candidates, {without} without");
    let added = squared_error(&dir, &codes) - squared_error(&dir, &encoded);
    assert!((with - added).abs() < 1e-3 * added.abs(), "{with} is told, {added} is measured");
    for flags in ["--candidates 32 --device reference", "--candidates 32 --threads 1"] {
        assert_eq!(run(flags).1, codes, "{flags}");
    }
    // Items that have an ID keep it, with and without the flag.
    moved(&dir, "--candidates 32");
    assert_eq!(moved(&dir, "").2["kept"], 300);
}
