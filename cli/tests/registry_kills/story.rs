//! A run of `semid assign` that is broken off and begun again.

use crate::{Dir, values};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub(super) const ROWS: usize = 1200;
const DIM: usize = 6;
const BATCH: usize = 16;
const ASSIGN: &str = "assign --db ids.db --input x.npy --items items.txt --output ids.csv --batch-rows 16 --device cpu";

/// A row of the table, as SQLite sees it: codes, suffix, item, encoded.
pub(super) type Row = (Vec<u8>, i64, Option<String>, Option<Vec<u8>>);

/// Codes and suffix of every item.
type Ids = BTreeMap<String, (Vec<u8>, i64)>;

/// A run of `semid assign`, what was there before it and what is there after it.
pub(super) struct Story {
    pub(super) dir: Dir,
    args: String,
    /// The database to begin with.
    base: Option<Vec<u8>>,
    before: Ids,
    after: Ids,
    pub(super) table: Vec<Row>,
    pub(super) output: String,
    /// How long it takes.
    pub(super) unbroken: Duration,
}

impl Story {
    pub(super) fn new(flags: &str, before: Option<&str>) -> Self {
        let dir = Dir::new();
        let mut rows = values(ROWS, DIM);
        dir.npy_of("before.npy", DIM, &rows);
        rows.rotate_left(DIM);
        dir.npy_of("x.npy", DIM, &rows);
        dir.items("items.txt", 0..ROWS);
        dir.semid("fit --input x.npy --output m.safetensors --levels 3 --clusters 12 --sample 600 --max-iter 3").ok();
        let mut story = Self {
            args: format!("{ASSIGN} --model m.safetensors {flags}"),
            base: before.map(|input| {
                dir.semid(&format!("{ASSIGN} --model m.safetensors --input {input}").replace("--input x.npy", "")).ok();
                dir.read("ids.db")
            }),
            dir,
            before: Ids::new(),
            after: Ids::new(),
            table: Vec::new(),
            output: String::new(),
            unbroken: Duration::ZERO,
        };
        story.begin();
        story.before = ids(&story.rows());
        let start = Instant::now();
        story.dir.semid(&story.args).ok();
        story.unbroken = start.elapsed();
        story.table = story.rows();
        story.after = ids(&story.table);
        story.output = story.dir.text("ids.csv");
        let changed = story.after.iter().filter(|(item, id)| story.before.get(*item) != Some(id)).count();
        assert!(changed > ROWS / 2, "{changed} items are too few to tell anything");
        story
    }

    /// Puts the files back as they were at the beginning.
    pub(super) fn begin(&self) {
        for name in self.dir.files().iter().filter(|name| name.starts_with("ids.") || name.starts_with(".semid")) {
            std::fs::remove_file(self.dir.path(name)).unwrap();
        }
        if let Some(base) = &self.base {
            self.dir.write("ids.db", base);
        }
    }

    /// Runs and kills it after that time; returns the rows it had acknowledged, unless it came to its end before.
    pub(super) fn run_until(&self, instant: Duration) -> Option<usize> {
        let mut command = self.dir.command(&self.args);
        command.env("RUST_LOG", "semid_cli::assign=debug").stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        sleep(instant);
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        let log = String::from_utf8(output.stderr).unwrap();
        let acknowledged = log.lines().filter_map(acknowledged).next_back().unwrap_or(0);
        if output.status.signal() != Some(9) {
            assert!(output.status.success() && acknowledged == ROWS, "{log}");
            return None;
        }
        self.check(acknowledged);
        Some(acknowledged)
    }

    /// What is there is what an unbroken run would have had after some batch, no earlier than the last one
    /// acknowledged.
    fn check(&self, acknowledged: usize) {
        let output = self.dir.path("ids.csv");
        assert!(!output.exists() || self.dir.text("ids.csv") == self.output, "part of a file has its name");
        let now = ids(&self.rows());
        let state = |number: usize| {
            let item = format!("item {number}");
            let now = now.get(&item);
            (now == self.before.get(&item), now == self.after.get(&item))
        };
        let after = (0..ROWS).take_while(|number| state(*number).1).count();
        let before = (0..ROWS).rev().take_while(|number| state(*number).0).count();
        let done = (0..=ROWS).rfind(|rows| rows % BATCH == 0 && (ROWS - before..=after).contains(rows));
        assert!(
            done.is_some_and(|done| done >= acknowledged),
            "{acknowledged} rows acknowledged; {after} as after the run, all but the last {before} not as before it"
        );
        assert!(now.keys().all(|item| self.after.contains_key(item)));
    }

    /// All of the table, in order, once the database was found whole; nothing where there is none yet.
    ///
    /// Read from a copy, so that the next run finds the files as the last one left them.
    pub(super) fn rows(&self) -> Vec<Row> {
        let copy = Dir::new();
        for name in ["ids.db", "ids.db-wal"].iter().filter(|name| self.dir.path(name).exists()) {
            copy.write(name, self.dir.read(name));
        }
        let connection = Connection::open(copy.path("ids.db")).unwrap();
        let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        let tables = "SELECT count(*) FROM sqlite_schema WHERE name = 'ids'";
        if connection.query_row(tables, [], |row| row.get::<_, i64>(0)).unwrap() == 0 {
            return Vec::new();
        }
        let mut all =
            connection.prepare("SELECT codes, suffix, item, encoded FROM ids ORDER BY codes, suffix").unwrap();
        let rows = all.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)));
        rows.unwrap().map(Result::unwrap).collect()
    }
}

/// The IDs of the items, each of which has one.
fn ids(rows: &[Row]) -> Ids {
    let mut ids = Ids::new();
    for (codes, suffix, item, _) in rows {
        if let Some(item) = item {
            assert_eq!(ids.insert(item.clone(), (codes.clone(), *suffix)), None, "{item} has two IDs");
        }
    }
    ids
}

/// The number in "... 48 rows have their IDs".
fn acknowledged(line: &str) -> Option<usize> {
    line.strip_suffix(" rows have their IDs")?.rsplit(' ').next()?.parse().ok()
}
