//! `semid lookup`, `stats` and `delete` against the list of all IDs.

use super::Dir;
use semid::io::read_codes;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A registry of 300 items, and its IDs: item, codes, suffix.
fn registered() -> (Dir, Vec<(String, Vec<u32>, u32)>) {
    let dir = Dir::with_items();
    let assign = "assign --db ids.db --model m.safetensors --input x.npy --items items.txt --output ids.csv";
    dir.semid(assign).ok();
    let text = dir.text("ids.csv");
    let ids = text.lines().skip(1).map(|line| line.split_once(',').unwrap()).map(|(item, id)| {
        let parts: Vec<u32> = id.split('-').map(|part| part.parse().unwrap()).collect();
        (item.to_owned(), parts[..2].to_vec(), parts.get(2).copied().unwrap_or(0))
    });
    let ids = ids.collect();
    (dir, ids)
}

fn text((_, codes, suffix): &(String, Vec<u32>, u32)) -> String {
    let last = if *suffix > 0 { format!("-{suffix}") } else { String::new() };
    format!("{}-{}{last}", codes[0], codes[1])
}

/// Runs with an item key, which has a space.
fn lookup(dir: &Dir, flag: &str, value: &str, rest: &str) -> super::Run {
    let args = format!("lookup --db ids.db {rest}");
    super::Run::of(&args, dir.command(&args).args([flag, value]).output().unwrap())
}

#[test]
fn items_and_ids_find_each_other() {
    let (dir, ids) = registered();
    for record in ids.iter().step_by(29) {
        let (item, codes, _) = record;
        assert_eq!(lookup(&dir, "--item", item, "").ok(), format!("{}\n", text(record)));
        assert_eq!(lookup(&dir, "--id", &text(record), "").ok(), format!("{item}\n"));
        let found = lookup(&dir, "--item", item, "--json").json(0);
        assert_eq!((&found["id"], &found["codes"]), (&text(record).into(), &codes.clone().into()));
        assert_eq!((&found["encoded"], &found["neighbors"]), (&codes.clone().into(), &Value::Array(vec![])));
        let found = lookup(&dir, "--id", &text(record), "--json").json(0);
        assert_eq!((&found["item"], &found["retired"]), (&item.as_str().into(), &false.into()));
    }
}

#[test]
fn what_is_not_there_is_exit_code_1_and_what_is_no_id_exit_code_2() {
    let (dir, _) = registered();
    assert_eq!(lookup(&dir, "--item", "no such", "").code, Some(1));
    assert_eq!(lookup(&dir, "--item", "no such", "--json --neighbors 3").json(1)["id"], Value::Null);
    assert_eq!(lookup(&dir, "--id", "7-7-9999", "").code, Some(1));
    let unknown = lookup(&dir, "--id", "7-7-9999", "--json").json(1);
    assert_eq!((&unknown["item"], &unknown["retired"]), (&Value::Null, &false.into()));
    assert_eq!(lookup(&dir, "--prefix", "200", "--json").json(1)["items"], 0);
    for (flag, value) in [
        ("--id", "7"),
        ("--id", "07-7"),
        ("--id", "7-7-0"),
        ("--id", "-7-7"),
        ("--prefix", "7--"),
        ("--prefix", "1-2-3"),
    ] {
        let run = lookup(&dir, flag, value, "");
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{value}");
        assert!(run.stderr.contains("ids.db") && run.stderr.contains(value), "{}", run.stderr);
    }
    assert_eq!(dir.semid("lookup --db ids.db").code, Some(2));
    assert_eq!(lookup(&dir, "--id", "1-2", "--neighbors 3").code, Some(2));
    for command in ["lookup --item a", "stats", "delete --item a"] {
        dir.fails(&format!("{command} --db gone.db"), &["gone.db"]);
    }
}

#[test]
fn prefixes_count_and_list_what_is_below() {
    let (dir, ids) = registered();
    let mut ordered: Vec<_> = ids.iter().map(|record| (&record.1, record.2, &record.0, text(record))).collect();
    ordered.sort();
    let firsts: BTreeSet<u32> = ordered.iter().map(|(codes, ..)| codes[0]).collect();
    let firsts = firsts.into_iter().map(|code| code.to_string());
    for prefix in firsts.chain([String::new(), text(&ids[0]).split('-').take(2).collect::<Vec<_>>().join("-")]) {
        let codes: Vec<u32> = prefix.split('-').filter(|part| !part.is_empty()).map(|p| p.parse().unwrap()).collect();
        let below: Vec<_> = ordered.iter().filter(|(of, ..)| of.starts_with(&codes)).collect();
        let found = lookup(&dir, "--prefix", &prefix, "--json --limit 1000").json(0);
        assert_eq!(found["items"], below.len(), "{prefix}");
        let records = found["records"].as_array().unwrap();
        let listed = records.iter().map(|record| [&record["item"], &record["id"]].map(|text| text.as_str().unwrap()));
        assert!(listed.eq(below.iter().map(|(_, _, item, id)| [item.as_str(), id.as_str()])));
        let mut children = BTreeMap::new();
        for (of, ..) in below.iter().filter(|(of, ..)| of.len() > codes.len()) {
            *children.entry(of[codes.len()]).or_insert(0) += 1;
        }
        let listed = found["children"].as_array().unwrap().iter();
        assert!(listed.map(|c| (c["code"].as_u64().unwrap() as u32, c["items"].as_u64().unwrap())).eq(children));
    }
    let both = ["7-", "7"].map(|prefix| lookup(&dir, "--prefix", prefix, "--json").json(0)["records"].clone());
    assert!(both[0] == both[1] && both[0].as_array().is_some_and(|records| !records.is_empty()));
    assert_eq!(lookup(&dir, "--prefix", "", "--json").json(0)["records"].as_array().map(Vec::len), Some(20));
    let text = lookup(&dir, "--prefix", "", "--limit 3").ok();
    assert!(text.starts_with("300 items\n") && text.contains("... and 297 more"), "{text}");
}

#[test]
fn neighbors_come_by_prefix_and_then_by_distance() {
    let (dir, ids) = registered();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    dir.semid("decode --model m.safetensors --input c.npy --output d.npy").ok();
    let rows = semid::io::NpyRows::open(dir.path("d.npy")).unwrap();
    assert_eq!(read_codes(dir.path("c.npy")).unwrap().0.len(), 600);
    let decoded = |i: usize| {
        let mut row = [0.0; 6];
        semid::Rows::read(&rows, i, &mut row).unwrap();
        row
    };
    for i in [0, 57, 299] {
        let shared = |other: usize| ids[i].1.iter().zip(&ids[other].1).take_while(|(a, b)| a == b).count();
        let distance =
            |other: usize| decoded(i).iter().zip(decoded(other)).map(|(a, b)| f64::from(a - b).powi(2)).sum::<f64>();
        let near = lookup(&dir, "--item", &ids[i].0, "--neighbors 40 --json").json(0);
        let near = near["neighbors"].as_array().unwrap();
        assert_eq!(near.len(), 40);
        let of = |n: &Value| ids.iter().position(|(item, ..)| n["item"] == item.as_str()).unwrap();
        let mut all: Vec<usize> = (0..300).filter(|other| *other != i).collect();
        all.sort_by(|a, b| shared(*b).cmp(&shared(*a)).then(distance(*a).total_cmp(&distance(*b))));
        for (near, expected) in near.iter().zip(all) {
            let other = of(near);
            assert_eq!(
                (&near["shared"], near["id"].as_str().unwrap()),
                (&shared(expected).into(), &*text(&ids[other]))
            );
            assert_eq!(shared(other), shared(expected));
            let (stated, expected) = (near["squared_distance"].as_f64().unwrap(), distance(expected));
            assert!((stated - distance(other)).abs() < 1e-3 && (stated - expected).abs() < 1e-3, "{near}");
        }
    }
    let text = lookup(&dir, "--item", &ids[0].0, "--neighbors 2").ok();
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
fn statistics_count_what_is_there() {
    let (dir, ids) = registered();
    let mut buckets: HashMap<&[u32], u64> = HashMap::new();
    ids.iter().for_each(|(_, codes, _)| *buckets.entry(codes).or_default() += 1);
    let stats = dir.semid("stats --db ids.db --json").json(0);
    let shared: u64 = buckets.values().filter(|items| **items > 1).sum();
    assert_eq!((&stats["items"], &stats["ids"], &stats["retired"]), (&300.into(), &300.into(), &0.into()));
    assert_eq!((&stats["distinct_codes"], &stats["items_sharing_codes"]), (&buckets.len().into(), &shared.into()));
    assert_eq!(stats["items_with_suffix"], ids.iter().filter(|(.., suffix)| *suffix > 0).count());
    assert_eq!((&stats["items_moved"], &stats["clusters"]), (&0.into(), &vec![8, 8].into()));
    let used = |level: usize| ids.iter().map(|(_, codes, _)| codes[level]).collect::<std::collections::HashSet<_>>();
    assert_eq!(stats["used_codes"], Value::from(vec![used(0).len(), used(1).len()]));
    let mut largest: Vec<u64> = buckets.values().copied().collect();
    largest.sort_by(|a, b| b.cmp(a));
    let stated = stats["largest_buckets"].as_array().unwrap();
    assert!(stated.iter().map(|bucket| bucket["items"].as_u64().unwrap()).eq(largest.into_iter().take(5)));
    for bucket in stated {
        let codes: Vec<u32> = bucket["codes"].as_str().unwrap().split('-').map(|c| c.parse().unwrap()).collect();
        assert_eq!(bucket["items"], buckets[codes.as_slice()]);
    }
    assert_eq!((&stats["resolver"], &stats["format"]), (&"suffix".into(), &"plain".into()));
    assert_eq!(stats["bytes"], std::fs::metadata(dir.path("ids.db")).unwrap().len());
    let text = dir.semid("stats --db ids.db").ok();
    assert!(text.contains("items           300\n"), "{text}");
}

#[test]
fn deleted_items_are_gone_and_their_ids_retired() {
    let (dir, ids) = registered();
    dir.items("gone.txt", [3, 5, 7]);
    let delete = "delete --db ids.db --items gone.txt --item nobody";
    let deleted = dir.semid(&format!("{delete} --json")).json(1);
    let count = |name: &str| deleted[name].as_u64().unwrap();
    assert_eq!(["items", "retired", "unknown", "left"].map(count), [4, 3, 1, 297]);
    assert_eq!(lookup(&dir, "--item", "item 5", "").code, Some(1));
    let retired = lookup(&dir, "--id", &text(&ids[5]), "");
    assert_eq!(retired.code, Some(1));
    assert!(retired.stdout.contains("is retired"), "{}", retired.stdout);
    assert_eq!(lookup(&dir, "--id", &text(&ids[5]), "--json").json(1)["retired"], true);
    assert_eq!(dir.semid("stats --db ids.db --json").json(0)["retired"], 3);

    dir.semid("assign --db ids.db --input x.npy --items items.txt --output again.csv").ok();
    let again = dir.text("again.csv");
    let changed: Vec<usize> = (0..300).filter(|i| again.lines().nth(i + 1) != Some(&line(&ids[*i]))).collect();
    assert_eq!(changed, [3, 5, 7]);
    let given: Vec<String> = ids.iter().map(text).collect();
    for i in changed {
        let id = again.lines().nth(i + 1).unwrap().split_once(',').unwrap().1;
        assert!(!given.iter().any(|given| given == id), "{id} is given twice");
    }
    assert_eq!(dir.semid("delete --db ids.db --items gone.txt").code, Some(0));
}

#[test]
fn an_id_with_its_items_key_is_retired_too() {
    let dir = Dir::with_items();
    let assign = "assign --db ids.db --model m.safetensors --input x.npy --items items.txt --resolver item-id";
    dir.semid(&format!("{assign} --output before.csv")).ok();
    let id = |name: &str| dir.text(name).lines().nth(6).unwrap().split_once(',').unwrap().1.to_owned();
    let former = id("before.csv");
    assert!(former.ends_with("-item%205"));
    dir.items("gone.txt", [5]);
    dir.semid("delete --db ids.db --items gone.txt").ok();
    for flags in ["--output again.csv", "--output after.csv"] {
        let retired = lookup(&dir, "--id", &former, "--json").json(1);
        assert_eq!((&retired["retired"], &retired["item"]), (&true.into(), &Value::Null));
        dir.semid(&format!("{assign} {flags}")).ok();
    }
    assert!(dir.read("after.csv") == dir.read("again.csv"));
    assert_eq!(id("after.csv"), format!("{former}-1"));
    assert_eq!(lookup(&dir, "--id", &id("after.csv"), "").ok(), "item 5\n");
    let others = |name: &str| dir.text(name).lines().filter(|line| !line.starts_with("item 5,")).collect::<String>();
    assert!(others("after.csv") == others("before.csv"));
}

fn line(record: &(String, Vec<u32>, u32)) -> String {
    format!("{},{}", record.0, text(record))
}
