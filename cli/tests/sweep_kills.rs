//! `semid sweep` killed at random instants, or interrupted: going on gives what an unbroken sweep gives.
//!
//! `SEMID_KILLS` is the number of kills.

use super::sweep::timeless;
use super::{
    Dir, Run,
    signals::{signal, start, until, until_watching},
};
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

const SWEEP: &str = "sweep --input x.npy --levels 1,2,3 --clusters 12,20 --balanced both --k 5 --device cpu";

fn kills() -> usize {
    std::env::var("SEMID_KILLS").map_or(10, |kills| kills.parse().unwrap())
}

fn folder() -> Dir {
    let dir = Dir::new();
    dir.npy("x.npy", 1500, 6);
    dir
}

fn lines(dir: &Dir) -> usize {
    if dir.path("s.jsonl").exists() { dir.text("s.jsonl").matches('\n').count() } else { 0 }
}

#[test]
fn killed_sweeps_end_with_the_same_file() {
    let dir = folder();
    let begin = Instant::now();
    dir.semid(&format!("{SWEEP} --output whole.jsonl --models whole")).ok();
    let unbroken = begin.elapsed();
    let expected = timeless(&dir, "whole.jsonl");
    assert_eq!(expected.len(), 12);
    let mut random = begin.elapsed().as_nanos() as u64;
    let (mut killed, mut amidst) = (0, 0);
    while killed < kills() || amidst == 0 {
        let _ = std::fs::remove_file(dir.path("s.jsonl"));
        let _ = std::fs::remove_dir_all(dir.path("models"));
        loop {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let instant = unbroken.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64 * 0.7);
            let before = lines(&dir);
            let mut command = dir.command(&format!("{SWEEP} --output s.jsonl --models models"));
            let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
            sleep(instant);
            child.kill().unwrap();
            let status = child.wait().unwrap();
            let now = lines(&dir);
            assert!(now >= before, "finished runs are lost");
            if status.signal() != Some(9) {
                assert!(status.success(), "{status}");
                break;
            }
            killed += 1;
            amidst += usize::from((1..12).contains(&now));
        }
        assert_eq!(timeless(&dir, "s.jsonl"), expected);
        for entry in std::fs::read_dir(dir.path("whole")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            assert!(dir.read(&format!("whole/{name}")) == dir.read(&format!("models/{name}")), "{name}");
        }
    }
    println!("{killed} kills, {amidst} of them amidst the work");
}

#[test]
fn ctrl_c_says_how_to_go_on() {
    let dir = folder();
    // The reference is slow enough to be interrupted in time.
    let sweep = format!("{SWEEP} --n-init 5");
    let args = sweep.replace("--device cpu", "--device reference --output s.jsonl");
    let child = start(&dir, &args);
    until("the first line", || lines(&dir) > 0);
    signal(&child, "-INT");
    let run = Run::of(&args, child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    let finished = lines(&dir);
    assert!(finished < 12, "not interrupted in time");
    let message =
        format!("error: interrupted; {finished} of 12 runs are finished, the same command goes on from s.jsonl\n");
    assert_eq!(run.stderr, message);
    let swept = dir.semid(&format!("{sweep} --output s.jsonl --json")).json(0);
    assert_eq!((&swept["runs"], &swept["kept"]), (&12.into(), &finished.into()));
    dir.semid(&format!("{sweep} --output whole.jsonl")).ok();
    assert_eq!(timeless(&dir, "s.jsonl"), timeless(&dir, "whole.jsonl"));

    let long = args.replace("s.jsonl", "t.jsonl").replace("--clusters 12,20", "--clusters 200");
    let child = start(&dir, &long.replace("--n-init 5", "--n-init 100000"));
    until_watching(&child);
    sleep(Duration::from_millis(300));
    signal(&child, "-INT");
    let run = Run::of(&args, child.wait_with_output().unwrap());
    assert_eq!(run.stderr, "error: interrupted; nothing was written\n");
    assert!(!dir.path("t.jsonl").exists());
}
