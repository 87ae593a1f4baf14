//! The command line tool as its users meet it: a folder, and `semid` run in it.

mod align;
mod assign;
mod assign_moved;
mod assign_refresh;
mod assign_refused;
mod bad_input;
mod bad_model;
mod bad_rows;
mod balanced;
mod beam;
mod blocks;
mod config;
mod demo;
mod drift;
mod eval;
mod eval_ids;
mod export;
mod formats;
mod inputs;
mod json;
mod lookup;
#[cfg(target_os = "linux")]
mod memory;
mod namespaces;
mod networks;
#[cfg(unix)]
mod outputs;
mod pairs;
mod prefix;
mod product_codes;
#[cfg(target_os = "linux")]
mod refine;
#[cfg(unix)]
mod registry_births;
mod registry_faults;
mod registry_hostile;
#[cfg(unix)]
mod registry_kills;
#[cfg(unix)]
mod registry_signals;
mod registry_snapshots;
#[cfg(unix)]
mod registry_users;
mod registry_writers;
mod report;
mod round_trip;
#[cfg(unix)]
mod signals;
mod streams;
mod sweep;
mod sweep_inputs;
#[cfg(unix)]
mod sweep_kills;
mod verify;
mod warm_start;
mod warnings;
mod weights;
#[cfg(unix)]
mod workers;

use semid::io::NpyWriter;
use serde_json::Value;
use std::path::PathBuf;
use std::process::{Command, Output};

/// A folder that vanishes with its files.
pub(crate) struct Dir(tempfile::TempDir);

impl Dir {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// A folder with embeddings `x.npy`, 300 x 6, and the model `m.safetensors` fitted to them, 2 levels of 8.
    pub(crate) fn with_model() -> Self {
        let dir = Self::new();
        dir.npy("x.npy", 300, 6);
        dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 8").ok();
        dir
    }

    /// [`Dir::with_model`] and `items.txt` with a key for every row: `item 0` and so on.
    pub(crate) fn with_items() -> Self {
        let dir = Self::with_model();
        dir.items("items.txt", 0..300);
        dir
    }

    /// Writes the keys of items of these numbers.
    pub(crate) fn items(&self, name: &str, numbers: impl IntoIterator<Item = usize>) {
        self.write(name, numbers.into_iter().map(|number| format!("item {number}\n")).collect::<String>());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        std::fs::read(self.path(name)).unwrap()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(name)).unwrap()
    }

    /// Writes embeddings in loose groups.
    pub(crate) fn npy(&self, name: &str, rows: usize, dim: usize) {
        self.npy_of(name, dim, &values(rows, dim));
    }

    pub(crate) fn npy_of(&self, name: &str, dim: usize, values: &[f32]) {
        let mut out = NpyWriter::<f32>::create(self.path(name), values.len() / dim, dim).unwrap();
        out.write(values).unwrap();
        out.finish().unwrap();
    }

    /// Names of all files, hidden ones too.
    pub(crate) fn files(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.0.path()).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `semid` with arguments, to be run in this folder.
    pub(crate) fn command(&self, args: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semid"));
        // Without `-v` nothing is said on stderr, so that any word there is noticed.
        let quiet = if args.split_whitespace().any(|arg| arg == "-v") { &[][..] } else { &["--quiet"] };
        command.args(quiet).args(args.split_whitespace()).current_dir(self.0.path());
        for name in ["RUST_LOG", "NO_COLOR", "CLICOLOR_FORCE", "RAYON_NUM_THREADS"] {
            command.env_remove(name);
        }
        command
    }

    /// Copies the program to this folder, where other users may run it. Another process writes the copy: a program
    /// that another thread starts meanwhile would have it open for writing for a moment, and then nobody can run it.
    #[cfg(unix)]
    pub(crate) fn copy_tool(&self) {
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_semid")).arg(self.path("semid")).status().unwrap();
        assert!(copied.success());
    }

    /// Runs `semid` with arguments.
    pub(crate) fn semid(&self, args: &str) -> Run {
        Run::of(args, self.command(args).output().unwrap())
    }

    /// Runs `semid` with arguments that must fail with exit code 2, leave no new file, and say in one line all of
    /// `parts`.
    pub(crate) fn fails(&self, args: &str, parts: &[&str]) {
        let before = self.files();
        let Run { code, stdout, stderr, .. } = self.semid(args);
        assert_eq!((code, stdout.as_str()), (Some(2), ""), "{args}: {stderr}");
        assert!(stderr.starts_with("error: ") && stderr.trim_end().lines().count() == 1, "{args}: {stderr}");
        for part in parts {
            assert!(stderr.contains(part), "{args}: no {part:?} in {stderr}");
        }
        assert_eq!(self.files(), before, "{args}");
    }
}

/// What a run of `semid` came to.
pub(crate) struct Run {
    args: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn of(args: &str, output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (stdout, stderr) = (text(output.stdout), text(output.stderr));
        Self { args: args.to_owned(), code: output.status.code(), stdout, stderr }
    }

    /// What it said on stderr, but for warnings of what the rows of tests are: some are zero, few are different, and
    /// some have no label.
    fn said(&self) -> String {
        let usual = [
            "no direction under the cosine metric",
            "fewer clusters, or fewer levels, lose nothing",
            "label in \"category\"; ",
            "labels in \"category\", which the input lacks",
        ];
        let is_usual = |line: &str| line.starts_with("warning: ") && usual.iter().any(|part| line.contains(part));
        self.stderr.lines().filter(|line| !is_usual(line)).collect::<Vec<_>>().join("\n")
    }

    /// What it printed, having succeeded without a word on stderr.
    pub(crate) fn ok(self) -> String {
        assert_eq!((self.code, self.said().as_str()), (Some(0), ""), "{}", self.args);
        self.stdout
    }

    /// The one JSON object it printed, with this exit code.
    pub(crate) fn json(self, code: i32) -> Value {
        assert_eq!((self.code, self.said().as_str()), (Some(code), ""), "{}", self.args);
        assert_eq!(self.stdout.trim_end().lines().count(), 1, "{}: {}", self.args, self.stdout);
        let value: Value = serde_json::from_str(&self.stdout).unwrap();
        assert!(value.is_object(), "{}: {value}", self.args);
        value
    }
}

/// Rows in loose groups.
pub(crate) fn values(rows: usize, dim: usize) -> Vec<f32> {
    let value = |row: usize, d: usize| {
        let group = row * 7 % 13;
        (group * (d + 3) * 31 % 97) as f32 + (row * row * 5 + row * d * 3) as f32 % 17.0 * 3.0
    };
    (0..rows).flat_map(|row| (0..dim).map(move |d| value(row, d))).collect()
}
