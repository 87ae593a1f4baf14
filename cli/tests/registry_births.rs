//! Processes that make the same database at the same moment.

use super::signals::until;
use super::{Dir, Run};
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

const PROCESSES: usize = 16;
const ROUNDS: usize = 8;

/// A process stopped at its barrier: its item keys come through a pipe, and it has not looked at the database yet.
struct Waiting {
    args: String,
    child: Child,
    keys: File,
}

impl Waiting {
    fn start(dir: &Dir, round: usize, number: usize) -> Self {
        let pipe = dir.path(&format!("{number}.pipe"));
        // Open for both, so that this does not wait for the other end.
        let keys = File::options().read(true).write(true).open(&pipe).unwrap();
        let args = format!(
            "assign --db {round}.db --model m.safetensors --input x.npy --items {number}.pipe --output {number}.csv \
             --json --device cpu --threads 1 --batch-rows 50"
        );
        let child = dir.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let waiting = Self { args, child, keys };
        until("a process at the barrier", || waiting.has_opened(&pipe));
        waiting
    }

    fn has_opened(&self, path: &PathBuf) -> bool {
        let files = std::fs::read_dir(format!("/proc/{}/fd", self.child.id())).unwrap();
        files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|link| link == *path))
    }
}

#[test]
fn sixteen_processes_make_one_registry() {
    let dir = Dir::with_items();
    let keys = dir.read("items.txt");
    dir.semid("assign --db whole.db --model m.safetensors --input x.npy --items items.txt --output whole.csv").ok();
    for number in 0..PROCESSES {
        assert!(Command::new("mkfifo").arg(dir.path(&format!("{number}.pipe"))).status().unwrap().success());
    }
    for round in 0..ROUNDS {
        let mut waiting: Vec<Waiting> = (0..PROCESSES).map(|number| Waiting::start(&dir, round, number)).collect();
        assert!(!dir.path(&format!("{round}.db")).exists());
        waiting.iter_mut().for_each(|process| process.keys.write_all(&keys).unwrap());
        // Closing the pipes lets all of them go on.
        let running: Vec<(String, Child)> = waiting.into_iter().map(|process| (process.args, process.child)).collect();
        let ended = running.into_iter().map(|(args, child)| Run::of(&args, child.wait_with_output().unwrap()).json(0));
        let reports: Vec<_> = ended.collect();
        assert_eq!(reports.iter().map(|report| report["new"].as_u64().unwrap()).sum::<u64>(), 300);
        for number in 0..PROCESSES {
            assert!(dir.read(&format!("{number}.csv")) == dir.read("whole.csv"), "process {number} of round {round}");
        }
        let check = rusqlite::Connection::open(dir.path(&format!("{round}.db"))).unwrap();
        assert_eq!(check.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0)).unwrap(), "ok");
    }
}
