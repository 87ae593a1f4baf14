//! Ctrl-C ends long work in an orderly way and leaves nothing behind.

use super::{Dir, Run};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

const MOMENT: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(180);

/// Starts `semid` with signals as a terminal sets them, whatever this process inherited.
pub(super) fn start(dir: &Dir, args: &str) -> Child {
    let plain = dir.command(args);
    let mut command = match cfg!(target_os = "linux") {
        true => Command::new("env"),
        false => Command::new(plain.get_program()),
    };
    if cfg!(target_os = "linux") {
        command.arg("--default-signal=HUP,INT,TERM").arg(plain.get_program());
    }
    command.args(plain.get_args()).current_dir(dir.path(""));
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits long enough for slow and busy machines.
pub(super) fn until(what: &str, mut done: impl FnMut() -> bool) {
    let start = Instant::now();
    while !done() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        sleep(MOMENT);
    }
}

/// Waits until the process catches SIGINT, where that can be seen.
pub(super) fn until_watching(child: &Child) {
    let status = format!("/proc/{}/status", child.id());
    if !cfg!(target_os = "linux") {
        return sleep(Duration::from_secs(1));
    }
    until("the signal handler", || {
        let text = std::fs::read_to_string(&status).unwrap();
        let caught = text.lines().find_map(|line| line.strip_prefix("SigCgt:")).unwrap();
        u64::from_str_radix(caught.trim(), 16).unwrap() & 2 != 0
    });
}

pub(super) fn signal(child: &Child, name: &str) {
    assert!(Command::new("kill").arg(name).arg(child.id().to_string()).status().unwrap().success());
}

fn interrupted(child: Child) {
    let run = Run::of("", child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    assert_eq!(run.stderr, "error: interrupted; nothing was written\n");
}

#[test]
fn fit_stops_and_keeps_the_former_file() {
    let dir = Dir::with_model();
    dir.npy("long.npy", 3000, 16);
    let former = dir.read("m.safetensors");
    let files = dir.files();
    for (name, output) in [("-INT", "m.safetensors"), ("-TERM", "new.safetensors")] {
        let args = format!("fit --input long.npy --clusters 64 --n-init 1000000 --output {output} --json");
        let child = start(&dir, &args);
        until_watching(&child);
        sleep(Duration::from_millis(300));
        signal(&child, name);
        interrupted(child);
        assert_eq!(dir.files(), files);
        assert!(dir.read("m.safetensors") == former);
    }
}

#[test]
fn encode_stops_and_removes_what_it_had_written() {
    let dir = Dir::new();
    dir.npy("x.npy", 60_000, 32);
    dir.semid("fit --input x.npy --output m.safetensors --clusters 256 --sample 600 --max-iter 1").ok();
    let files = dir.files();
    for output in ["c.npy", "ids.parquet"] {
        let args = format!("encode --model m.safetensors --input x.npy --device reference --output {output}");
        let child = start(&dir, &args);
        until("the partial file", || dir.files().len() > files.len());
        signal(&child, "-INT");
        interrupted(child);
        assert_eq!(dir.files(), files);
    }
}

/// A moment longer than work gets to stop by itself, on machines that are busy.
const SOON: Duration = Duration::from_secs(20);

/// Waits for the end of a process that was told to end.
fn ends_soon(mut child: Child) -> Run {
    let start = Instant::now();
    while child.try_wait().unwrap().is_none() {
        if start.elapsed() > SOON {
            child.kill().unwrap();
            panic!("it does not end");
        }
        sleep(MOMENT);
    }
    Run::of("", child.wait_with_output().unwrap())
}

#[cfg(target_os = "linux")]
#[test]
fn under_nohup_sigterm_is_heard_and_sighup_is_not() {
    let dir = Dir::new();
    // Enough for some seconds.
    dir.npy("x.npy", 300_000, 32);
    dir.semid("fit --input x.npy --output m.safetensors --clusters 256 --sample 600 --max-iter 1").ok();
    let files = dir.files();
    for ignored in ["HUP", "INT", "HUP,INT"] {
        let plain = dir.command("encode --model m.safetensors --input x.npy --device reference --output c.npy");
        let mut command = Command::new("env");
        command.args(["--default-signal=HUP,INT,TERM", &format!("--ignore-signal={ignored}")]);
        command.arg(plain.get_program()).args(plain.get_args()).current_dir(dir.path(""));
        let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        until("the partial file", || dir.files().len() > files.len());
        for ignored in ignored.split(',') {
            signal(&child, &format!("-{ignored}"));
        }
        sleep(Duration::from_millis(900));
        assert_eq!(dir.files().len(), files.len() + 1, "{ignored} is not ignored");
        signal(&child, "-TERM");
        let run = ends_soon(child);
        assert_eq!((run.code, run.stderr.as_str()), (Some(130), "error: interrupted; nothing was written\n"));
        assert_eq!(dir.files(), files, "{ignored}");
    }
}

#[test]
fn work_that_does_not_ask_ends_too() {
    let dir = Dir::with_model();
    assert!(Command::new("mkfifo").arg(dir.path("pipe.csv")).status().unwrap().success());
    let files = dir.files();
    // Nobody reads the pipe, so that opening it waits for ever.
    let child = start(&dir, "encode --model m.safetensors --input x.npy --output pipe.csv");
    until_watching(&child);
    sleep(Duration::from_millis(300));
    signal(&child, "-TERM");
    let run = ends_soon(child);
    assert_eq!((run.code, run.stderr.as_str()), (Some(130), "error: interrupted; nothing was written\n"));
    assert_eq!(dir.files(), files);
}

#[cfg(target_os = "linux")]
#[test]
fn what_a_killed_run_left_is_removed_by_the_next() {
    let dir = Dir::new();
    dir.npy("x.npy", 60_000, 32);
    dir.semid("fit --input x.npy --output m.safetensors --clusters 256 --sample 600 --max-iter 1").ok();
    let files = dir.files();
    let mut child = start(&dir, "encode --model m.safetensors --input x.npy --device reference --output c.npy");
    until("the partial file", || dir.files().len() > files.len());
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(dir.files().len(), files.len() + 1);
    dir.semid("fit --input x.npy --output m.safetensors --clusters 256 --sample 600 --max-iter 1").ok();
    assert_eq!(dir.files(), files);
}
