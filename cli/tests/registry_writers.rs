//! Several processes that assign IDs into one database at once.

use super::{Dir, Run, values};
use std::collections::{HashMap, HashSet};
use std::process::Stdio;

const WRITERS: usize = 8;
const OWN: usize = 1000;
const SHARED: usize = 1000;
const DIM: usize = 6;

/// The items of a writer: half its own, half everybody's, in an order of its own.
fn items(writer: usize) -> Vec<usize> {
    let shared = (0..SHARED).map(|i| (i * 7 + writer * 131) % SHARED);
    let own = (0..OWN).map(|i| SHARED + writer * OWN + i);
    shared.zip(own).flat_map(|(shared, own)| [shared, own]).collect()
}

#[test]
fn every_item_gets_one_id_and_every_id_one_item() {
    let dir = Dir::new();
    let rows = values(SHARED + WRITERS * OWN, DIM);
    dir.npy_of("all.npy", DIM, &rows);
    dir.semid("fit --input all.npy --output m.safetensors --levels 2 --clusters 16 --sample 600 --max-iter 3").ok();
    for writer in 0..WRITERS {
        let items = items(writer);
        let values: Vec<f32> = items.iter().flat_map(|i| &rows[i * DIM..(i + 1) * DIM]).copied().collect();
        dir.npy_of(&format!("{writer}.npy"), DIM, &values);
        dir.items(&format!("{writer}.txt"), items);
    }
    let start = |writer: usize| {
        let args = format!(
            "assign --db ids.db --model m.safetensors --input {writer}.npy --items {writer}.txt --batch-rows 50 \
             --output {writer}.csv --json --device cpu"
        );
        (dir.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap(), args)
    };
    let running: Vec<_> = (0..WRITERS).map(start).collect();
    let ended = running.into_iter().map(|(child, args)| Run::of(&args, child.wait_with_output().unwrap()).json(0));
    let new: u64 = ended.map(|report| report["new"].as_u64().unwrap()).sum();
    assert_eq!(new, (SHARED + WRITERS * OWN) as u64);

    let mut ids: HashMap<String, String> = HashMap::new();
    for writer in 0..WRITERS {
        let text = dir.text(&format!("{writer}.csv"));
        assert_eq!(text.lines().count(), 1 + SHARED + OWN);
        for (item, id) in text.lines().skip(1).map(|line| line.split_once(',').unwrap()) {
            let former = ids.insert(item.to_owned(), id.to_owned());
            assert!(former.is_none_or(|former| former == id), "{item} got two IDs");
        }
    }
    assert_eq!(ids.len(), SHARED + WRITERS * OWN);
    assert_eq!(ids.values().collect::<HashSet<_>>().len(), ids.len(), "an ID was given twice");
    let connection = rusqlite::Connection::open(dir.path("ids.db")).unwrap();
    let number = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(number("SELECT count(DISTINCT item) FROM ids"), ids.len() as i64);
    assert_eq!(number("SELECT count(*) FROM ids"), ids.len() as i64);
    assert_eq!(connection.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
}
