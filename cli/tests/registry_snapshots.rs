//! What is read is of one moment, while another process gives new IDs to all items again and again.

use super::{Dir, values};
use serde_json::Value;
use std::collections::HashSet;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const ITEMS: usize = 9000;
const DIM: usize = 4;
/// How long the writer writes.
const TIME: Duration = Duration::from_secs(12);

fn is_whole(what: &str, items: impl Iterator<Item = String>) {
    let items: Vec<String> = items.collect();
    let different: HashSet<&String> = items.iter().collect();
    assert_eq!((items.len(), different.len()), (ITEMS, ITEMS), "{what}: items are missing, or there twice");
}

#[test]
fn exports_beside_a_writer_have_every_item_once() {
    let dir = Dir::new();
    let mut rows = values(ITEMS, DIM);
    dir.npy_of("0.npy", DIM, &rows);
    dir.semid("fit --input 0.npy --output m.safetensors --levels 2 --clusters 16 --sample 600 --max-iter 3").ok();
    rows.rotate_left(DIM);
    dir.npy_of("1.npy", DIM, &rows);
    dir.items("items.txt", 0..ITEMS);
    let assign = |input: usize| {
        let args = "--items items.txt --update-changed --batch-rows 500 --device cpu --threads 1 --json";
        dir.semid(&format!("assign --db ids.db --model m.safetensors --input {input}.npy {args}")).json(0)
    };
    assign(0);
    let (start, done) = (Instant::now(), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            let mut changed = 0;
            for input in [1, 0].into_iter().cycle() {
                if start.elapsed() > TIME {
                    break;
                }
                changed += assign(input)["changed"].as_u64().unwrap();
            }
            done.store(true, Relaxed);
            changed
        });
        let mut exports = 0;
        while !done.load(Relaxed) {
            dir.semid("export --db ids.db --output ids.csv").ok();
            is_whole("ids.csv", dir.text("ids.csv").lines().skip(1).map(|l| l.split(',').next().unwrap().to_owned()));
            dir.semid("export --db ids.db --output index.json").ok();
            let index = dir.text("index.json");
            is_whole("index.json", index.lines().filter_map(|l| Some(l.split_once(": [")?.0.to_owned())));
            let stats = dir.semid("stats --db ids.db --json").json(0);
            assert_eq!(stats["items"], ITEMS, "stats");
            let found = dir
                .semid(&format!("lookup --db ids.db --prefix --limit {ITEMS} --json").replace("--prefix", "--prefix="));
            let found = found.json(0);
            let records = found["records"].as_array().unwrap();
            is_whole("lookup", records.iter().map(|record| record["item"].as_str().unwrap().to_owned()));
            let below: u64 =
                found["children"].as_array().unwrap().iter().map(|child| child["items"].as_u64().unwrap()).sum();
            assert_eq!((&found["items"], below), (&Value::from(ITEMS), ITEMS as u64), "lookup");
            let copy = format!("copy{exports}.db");
            assert_eq!(dir.semid(&format!("export --db ids.db --output {copy} --json")).json(0)["items"], ITEMS);
            std::fs::remove_file(dir.path(&copy)).unwrap();
            exports += 1;
        }
        let changed = writer.join().unwrap();
        assert!(exports >= 2 && changed > ITEMS as u64, "{exports} exports beside {changed} changes tell nothing");
    });
}
