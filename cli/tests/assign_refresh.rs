//! `semid assign --adopt-model` and `--move-if-gain`.

use super::{Dir, values};
use std::collections::HashMap;

const ASSIGN: &str = "assign --db ids.db --input new.npy --items items.txt";
const MOVE: &str = "--move-if-gain 10% --move-at-most 5% --moves moves.csv";

/// A database of the model `m.safetensors` with 300 items, `new.npy` with newer embeddings of these, and
/// `n.safetensors`, which was fitted from that model to them.
fn refreshed() -> Dir {
    let dir = Dir::with_items();
    dir.semid("assign --db ids.db --model m.safetensors --input x.npy --items items.txt").ok();
    let newer: Vec<f32> = values(300, 6).iter().enumerate().map(|(i, x)| x + (i * i % 23) as f32).collect();
    dir.npy_of("new.npy", 6, &newer);
    dir.semid("fit --input new.npy --warm-start m.safetensors --output n.safetensors").ok();
    dir
}

fn ids(dir: &Dir) -> HashMap<String, String> {
    dir.semid("export --db ids.db --output now.csv").ok();
    let text = dir.text("now.csv");
    text.lines().skip(1).map(|line| line.split_once(',').unwrap()).map(|(a, b)| (a.to_owned(), b.to_owned())).collect()
}

fn fingerprint(dir: &Dir, model: &str) -> String {
    dir.semid(&format!("info --model {model} --json")).json(0)["fingerprint"].as_str().unwrap().to_owned()
}

#[test]
fn few_items_move_and_the_log_says_which() {
    let dir = refreshed();
    let before = ids(&dir);
    let adopt = format!("{ASSIGN} --model n.safetensors --adopt-model");
    let adopted = dir.semid(&format!("{adopt} --json")).json(0);
    assert_eq!(adopted["fingerprint"], fingerprint(&dir, "n.safetensors"));
    assert!(adopted["moves"].is_null() && adopted["kept"] == 300, "{adopted}");
    assert!(ids(&dir) == before, "a model alone changes no ID");

    // A newer item comes along; it gets an ID, and does not count for the share.
    let run = dir.semid(&format!("{ASSIGN} {MOVE} --output ids.csv --json")).json(0);
    let moves = &run["moves"];
    assert_eq!((&moves["at_most"], &moves["moved"], &moves["log"]), (&15.into(), &15.into(), &"moves.csv".into()));
    assert!(moves["gaining"].as_u64() > Some(15) && moves["changed"].as_u64() >= moves["gaining"].as_u64(), "{run}");
    let log = dir.text("moves.csv");
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some("item,old_id,new_id,squared_distance_before,squared_distance_after,gain"));
    let (mut after, mut last) = (before.clone(), f64::INFINITY);
    for line in lines {
        let fields: Vec<&str> = line.split(',').collect();
        let [was, is, gain] = [3, 4, 5].map(|at| fields[at].parse::<f64>().unwrap());
        assert!(gain == was - is && gain > 0.1 * was && gain <= last, "{line}");
        last = gain;
        assert_eq!(after.insert(fields[0].to_owned(), fields[2].to_owned()).as_deref(), Some(fields[1]), "{line}");
        // The old ID is retired: nobody has it, and nobody gets it.
        let run = dir.semid(&format!("lookup --db ids.db --id {} --json", fields[1]));
        assert!(run.code == Some(1) && run.stdout.contains("\"retired\":true"), "{}", run.stdout);
    }
    let now = ids(&dir);
    assert_eq!(now, after);
    assert_eq!(now.iter().filter(|(item, id)| before[*item] != **id).count(), 15);
    // The output has the IDs as they are after the moves, in the order of the rows.
    let written: Vec<String> = dir.text("ids.csv").lines().skip(1).map(str::to_owned).collect();
    assert_eq!(written, (0..300).map(|i| format!("item {i},{}", now[&format!("item {i}")])).collect::<Vec<_>>());
    // In words and as JSON lines; 0 % only counts.
    let text = dir.semid(&format!("{ASSIGN} --move-if-gain 0.1 --move-at-most 0% --moves none.jsonl")).ok();
    assert!(text.contains("gain enough, but at most 0 may move, so no ID changes"), "{text}");
    assert_eq!(dir.text("none.jsonl"), "");
    dir.semid(&format!("{ASSIGN} --move-if-gain 10% --move-at-most 1% --moves more.jsonl")).ok();
    let more = dir.text("more.jsonl");
    let first: serde_json::Value = serde_json::from_str(more.lines().next().unwrap()).unwrap();
    assert_eq!(more.lines().count(), 3);
    assert_eq!(first["old_id"].as_str(), now.get(first["item"].as_str().unwrap()).map(String::as_str));
    assert!(first["gain"].as_f64().unwrap() <= last);
}

#[test]
fn new_items_get_ids_in_the_same_run() {
    let dir = refreshed();
    dir.npy("more.npy", 320, 6);
    dir.items("more.txt", 0..320);
    let run =
        format!("assign --db ids.db --input more.npy --items more.txt --model n.safetensors --adopt-model {MOVE}");
    let run = dir.semid(&format!("{run} --json")).json(0);
    assert_eq!((&run["new"], &run["moves"]["at_most"]), (&20.into(), &16.into()));
    assert_eq!(ids(&dir).len(), 320);
}

#[test]
fn nothing_is_adopted_or_moved_by_mistake() {
    let dir = refreshed();
    let before = dir.semid("export --db ids.db --output before.csv").ok();
    assert!(!before.is_empty());
    let refused = |flags: &str, parts: &[&str]| dir.fails(&format!("{ASSIGN} {flags}"), parts);
    refused("--model n.safetensors", &["ids.db", "belongs to model", "--adopt-model"]);
    refused(&format!("--model n.safetensors {MOVE}"), &["belongs to model", "--adopt-model"]);
    dir.semid("fit --input new.npy --levels 2 --clusters 8 --output fresh.safetensors").ok();
    refused("--model fresh.safetensors --adopt-model", &["ids.db", "cannot take the place", "fit it from that model"]);
    dir.semid("fit --input new.npy --levels 2 --clusters 9 --output nine.safetensors").ok();
    refused("--model nine.safetensors --adopt-model", &["cannot take the place", "clusters"]);
    refused("--move-if-gain 101% --move-at-most 5% --moves moves.csv", &["--move-if-gain", "101 %"]);
    refused("--move-if-gain 10% --move-at-most 5 --moves moves.csv", &["--move-at-most", "500 %"]);
    refused("--move-if-gain 10% --move-at-most 5% --moves moves.txt", &["moves.txt", ".csv or .jsonl"]);
    refused("--move-if-gain 10% --move-at-most 5% --moves ids.db", &["ids.db"]);
    refused("--move-if-gain 10% --move-at-most 5% --moves new.npy", &["new.npy"]);
    refused("--move-if-gain 10% --move-at-most 5% --moves a.csv --output a.csv", &["a.csv", "output"]);
    for flags in [
        "--move-if-gain 10%",
        "--move-at-most 5%",
        "--moves moves.csv",
        "--adopt-model",
        &format!("{MOVE} --update-changed"),
        "--move-if-gain ten --move-at-most 5% --moves moves.csv",
    ] {
        let run = dir.semid(&format!("{ASSIGN} {flags}"));
        assert!(run.code == Some(2) && !dir.path("moves.csv").exists(), "{flags}: {}", run.stderr);
    }
    dir.semid("export --db ids.db --output after.csv").ok();
    assert_eq!(dir.text("before.csv"), dir.text("after.csv"));
    let model = dir.semid("stats --db ids.db --json").json(0);
    assert_eq!(model["fingerprint"], fingerprint(&dir, "m.safetensors"));
    // A registry that moves items itself.
    dir.semid("assign --db r.db --model m.safetensors --input x.npy --items items.txt --resolver reassign").ok();
    let assign = format!("assign --input new.npy --items items.txt {MOVE}");
    // What cannot move is refused before anything is assigned or adopted.
    dir.fails(&format!("{assign} --db r.db --model n.safetensors --adopt-model"), &["reassign"]);
    assert_eq!(dir.semid("stats --db r.db --json").json(0)["fingerprint"], fingerprint(&dir, "m.safetensors"));
    dir.fails(&format!("{assign} --db new.db --model m.safetensors --resolver reassign"), &["reassign"]);
    dir.semid("fit --input x.npy --levels 2 --clusters 8 --normalize-residuals --output unit.safetensors").ok();
    dir.fails(&format!("{assign} --db new.db --model unit.safetensors"), &["without normalised residuals"]);
    dir.write("kinds.txt", (0..300).map(|row| format!("kind {}\n", row % 3)).collect::<String>());
    dir.semid("fit --input x.npy --clusters 8 --prefix-labels kinds.txt --output kinds.safetensors").ok();
    let labelled = format!("{assign} --db new.db --model kinds.safetensors --prefix-labels kinds.txt");
    dir.fails(&labelled, &["without levels from labels"]);
    assert!(!dir.path("new.db").exists());
}
