//! Every registry command ends within a second of a signal, whatever it waits for.

use super::signals::{signal, start, until_watching};
use super::{Dir, Run};
use std::thread::sleep;
use std::time::{Duration, Instant};

/// Starts a command that cannot come to its end, and asks it to end.
fn ends(dir: &Dir, args: &str, name: &str) {
    let child = start(dir, args);
    until_watching(&child);
    sleep(Duration::from_millis(400));
    let asked = Instant::now();
    signal(&child, name);
    let run = Run::of(args, child.wait_with_output().unwrap());
    let waited = asked.elapsed();
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{args}: {}", run.stderr);
    // A second, and what a busy machine adds.
    assert!(waited < Duration::from_secs(3), "{args}: {waited:?}");
}

fn registered() -> Dir {
    let dir = Dir::with_items();
    dir.semid("assign --db ids.db --input x.npy --items items.txt --model m.safetensors").ok();
    dir
}

#[test]
fn waiting_for_another_writer() {
    let dir = registered();
    let holder = rusqlite::Connection::open(dir.path("ids.db")).unwrap();
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    for name in ["-TERM", "-INT"] {
        ends(&dir, "delete --db ids.db --item a", name);
        ends(&dir, "assign --db ids.db --input x.npy --items items.txt --update-changed", name);
    }
    holder.execute_batch("ROLLBACK").unwrap();
    assert_eq!(dir.semid("stats --db ids.db --json").json(0)["items"], 300);
}

#[test]
fn opening_a_locked_database() {
    let dir = registered();
    let holder = rusqlite::Connection::open(dir.path("ids.db")).unwrap();
    holder.execute_batch("PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE").unwrap();
    for args in [
        "stats --db ids.db",
        "lookup --db ids.db --prefix 1",
        "export --db ids.db --output ids.csv",
        "delete --db ids.db --item a",
        "assign --db ids.db --input x.npy --items items.txt",
    ] {
        ends(&dir, args, "-TERM");
    }
}

#[test]
fn an_output_that_nobody_reads() {
    let dir = registered();
    let pipe = dir.path("index.json");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    ends(&dir, "export --db ids.db --output index.json", "-TERM");
    dir.fails("stats --db index.json", &["index.json", "no regular file"]);
}
