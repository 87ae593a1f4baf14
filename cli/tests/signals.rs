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
