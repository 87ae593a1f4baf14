//! Fits over processes of `semid worker`, some of which are killed.

use super::Dir;
use semid::shards::{Answered, Call, Pipe, Workers};
use semid::{Device, Model, Result, RqKMeans};
use std::ops::ControlFlow;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

/// A worker that runs.
struct Running {
    process: Child,
    pipe: Pipe<ChildStdout, ChildStdin>,
}

/// Starts processes, and starts them anew when they have died.
struct Processes<'a> {
    dir: &'a Dir,
    commands: Vec<String>,
    running: Vec<Running>,
    /// The calls before which a worker is killed.
    kills: Vec<usize>,
    calls: usize,
    killed: usize,
}

impl<'a> Processes<'a> {
    fn new(dir: &'a Dir, commands: Vec<String>, kills: Vec<usize>) -> Self {
        let running = commands.iter().map(|command| start(dir, command)).collect();
        Self { dir, commands, running, kills, calls: 0, killed: 0 }
    }

    fn answer(&mut self, call: &Call) -> Result<Vec<u8>> {
        let shard = call.shard();
        self.calls += 1;
        if self.kills.contains(&self.calls) {
            self.running[shard].process.kill().unwrap();
            let status = self.running[shard].process.wait().unwrap();
            assert_eq!(status.signal(), Some(9), "the worker died of the kill");
        }
        let answer = self.running[shard].pipe.answer(call.request());
        if answer.is_ok() {
            return answer;
        }
        self.killed += 1;
        self.running[shard] = start(self.dir, &self.commands[shard]);
        self.running[shard].pipe.answer(call.request())
    }
}

fn start(dir: &Dir, command: &str) -> Running {
    let mut process = dir.command(command).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (to, from) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
    Running { pipe: Pipe::open(from, to).unwrap(), process }
}

impl Drop for Processes<'_> {
    fn drop(&mut self) {
        for Running { process, pipe } in self.running.drain(..) {
            drop(pipe);
            let output = process.wait_with_output().unwrap();
            assert_eq!(output.status.code(), Some(0), "a worker ends well when its input ends");
        }
    }
}

impl Workers for Processes<'_> {
    fn shards(&self) -> Vec<u64> {
        self.running.iter().map(|running| running.pipe.rows()).collect()
    }

    fn dim(&self) -> usize {
        self.running[0].pipe.dim()
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        let mut answer = |(i, call): (usize, &Call)| Ok(Answered { calls: vec![i], reply: self.answer(call)? });
        calls.iter().enumerate().map(&mut answer).collect()
    }
}

#[test]
fn a_fit_over_processes_has_the_fingerprint_of_the_tool() {
    let dir = Dir::with_model();
    let expected = Model::load(dir.path("m.safetensors")).unwrap().fingerprint();
    let params = RqKMeans::new(2, 8);
    let devices = ["cpu", "reference", "cpu:portable"];
    let spans = [(0, 90), (90, 91), (91, 300)];
    let commands = || {
        let command = |((from, to), device)| format!("worker --input x.npy --rows {from}..{to} --device {device}");
        spans.into_iter().zip(devices).map(command).collect::<Vec<_>>()
    };
    for kills in [vec![], vec![2, 3, 10, 40, 41, 60]] {
        let mut processes = Processes::new(&dir, commands(), kills.clone());
        let fit = params.fit_on_workers(&mut processes, &Device::cpu(), |_| ControlFlow::Continue(()));
        let (model, report) = fit.unwrap();
        assert_eq!((model.fingerprint(), report.rows), (expected.clone(), 300), "{kills:?}");
        assert_eq!(processes.killed, kills.len(), "every kill was noticed");
        assert!(processes.calls > 60, "{} calls: the kills came in the middle", processes.calls);
    }
}

/// Rows that count several times have as many numbers, over all workers.
#[test]
fn workers_count_rows_by_their_weights() {
    let dir = Dir::with_model();
    dir.write("w.txt", (0..300).map(|row| format!("{}\n", row % 3)).collect::<String>());
    dir.semid("fit --input x.npy --weights w.txt --output m.safetensors --levels 2 --clusters 8").ok();
    let expected = Model::load(dir.path("m.safetensors")).unwrap().fingerprint();
    let command = |span: &str| format!("worker --input x.npy --rows {span} --weights w.txt");
    let mut processes = Processes::new(&dir, ["0..100", "100..300"].map(command).into(), Vec::new());
    let fit = RqKMeans::new(2, 8).fit_on_workers(&mut processes, &Device::cpu(), |_| ControlFlow::Continue(()));
    let (model, report) = fit.unwrap();
    assert_eq!((model.fingerprint(), report.rows), (expected, 300));
}

#[test]
fn workers_say_what_they_cannot_do() {
    let dir = Dir::with_model();
    let said = |args: &str| {
        let output = dir.command(args).stdin(Stdio::null()).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{args}");
        String::from_utf8(output.stderr).unwrap()
    };
    assert!(said("worker --input x.npy --rows 0..301").contains("--rows ends at 301, and there are 300 rows"));
    assert!(said("worker --input x.npy --rows 9..3").contains("give two numbers, such as 1000..2000"));
    assert!(said("worker --input x.npy --json").contains("a worker prints no result"));
    assert!(said("worker --input -").contains("standard input brings the requests"));
    assert!(said("worker --input x.npy --rows 0..9 --first-row 3").contains("cannot be used with"));
}
