//! Where outputs go: files that are complete, pipes that are written once, and nothing that is not asked for.

use super::{Dir, Run};
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};

const FIT: &str = "fit --input x.npy --levels 2 --clusters 8 --device cpu";

fn mkfifo(dir: &Dir, name: &str) {
    assert!(Command::new("mkfifo").arg(dir.path(name)).status().unwrap().success());
}

#[test]
fn a_pipe_gets_the_whole_output_once() {
    let dir = Dir::with_model();
    mkfifo(&dir, "pipe");
    mkfifo(&dir, "pipe.html");
    dir.semid("report --model m.safetensors --input x.npy --output whole.html").ok();
    for (args, pipe) in [
        (format!("{FIT} --output pipe"), "pipe"),
        ("report --model m.safetensors --input x.npy --output pipe.html".to_owned(), "pipe.html"),
    ] {
        let path = dir.path(pipe);
        let reader = std::thread::spawn(move || std::fs::read(path).unwrap());
        dir.semid(&args).ok();
        let read = reader.join().unwrap();
        let expected = if pipe == "pipe" { dir.read("m.safetensors") } else { dir.read("whole.html") };
        assert!(!read.is_empty() && read == expected, "{args}: {} bytes", read.len());
    }
}

#[test]
fn stdout_is_for_the_result() {
    let dir = Dir::with_model();
    let model = dir.read("m.safetensors");
    for output in ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"] {
        dir.fails(&format!("{FIT} --output {output}"), &[output, "stdout"]);
        dir.fails(&format!("sweep --input x.npy --output {output}"), &[output, "stdout"]);
        dir.fails(&format!("sweep --input x.npy --output s.jsonl --models {output}"), &[output, "stdout"]);
        dir.fails(&format!("report -m m.safetensors -i x.npy -o r.html --svg {output}"), &[output, "stdout"]);
    }
    // The file that stdout goes to, by its name.
    let args = format!("{FIT} --output m.safetensors");
    let stdout = std::fs::File::options().append(true).open(dir.path("m.safetensors")).unwrap();
    let run = Run::of(&args, dir.command(&args).stdout(stdout).output().unwrap());
    assert!(run.code == Some(2) && run.stderr.contains("m.safetensors: this is stdout"), "{}", run.stderr);
    assert!(dir.read("m.safetensors") == model);
    dir.semid(&format!("{FIT} --output /dev/null")).ok();
}

#[test]
fn write_protected_files_stay() {
    let dir = Dir::with_model();
    dir.semid("encode --model m.safetensors --input x.npy --output c.npy").ok();
    for (name, args) in [
        ("old.safetensors", format!("{FIT} --output old.safetensors")),
        ("old.npy", "encode --model m.safetensors --input x.npy --output old.npy".to_owned()),
        ("old2.npy", "decode --model m.safetensors --input c.npy --output old2.npy".to_owned()),
        ("old.jsonl", "sweep --input x.npy --output old.jsonl --levels 1 --clusters 4".to_owned()),
        ("old.html", "report --model m.safetensors --input x.npy --output old.html".to_owned()),
    ] {
        dir.write(name, "old");
        std::fs::set_permissions(dir.path(name), PermissionsExt::from_mode(0o444)).unwrap();
        dir.fails(&args, &[name, "write-protected"]);
        assert_eq!(dir.text(name), "old");
    }
}

#[test]
fn files_of_other_formats_are_told_apart() {
    let dir = Dir::with_model();
    for (args, parts) in [
        (format!("{FIT} --output model.npy"), vec!["model.npy", "a model is no .npy file", ".safetensors"]),
        ("sweep --input x.npy --output s.npy".to_owned(), vec!["s.npy", "no .npy file", ".jsonl"]),
        (format!("{FIT} --kind rq-vae --checkpoint c.npy --output n.safetensors"), vec!["c.npy", "a checkpoint is no"]),
        ("assign -m m.safetensors -i x.npy --items i.txt --db new.csv".to_owned(), vec!["new.csv", "a database is no"]),
        ("encode -m x.npy -i x.npy -o c.npy".to_owned(), vec!["x.npy", "it is a .npy file, not a model"]),
        ("encode -m m.safetensors -i x.npy -o m.safetensors".to_owned(), vec!["is also the model"]),
        ("decode -m m.safetensors -i x.npy -o m.npy".to_owned(), vec!["x.npy", "floats"]),
    ] {
        dir.fails(&args, &parts);
    }
}

#[test]
fn json_holds_every_byte_and_every_path() {
    let dir = Dir::with_model();
    let name = "del\u{7f}.npy";
    let args = "encode --model m.safetensors --input x.npy --json --output";
    let output = dir.command(args).arg(name).output().unwrap();
    let json = Run::of(args, output).json(0);
    assert_eq!(json["output"], name);

    let name = std::ffi::OsString::from_vec(b"no\xff.npy".to_vec());
    let output = dir.command(args).arg(&name).output().unwrap();
    let json = Run::of(args, output).json(0);
    assert_eq!(json["output"], "no\u{fffd}.npy");
    assert!(dir.path("").join(&name).exists());
}

#[test]
fn too_many_threads_are_refused() {
    let dir = Dir::with_model();
    let args = "info --model m.safetensors";
    let output = dir.command(args).env("RAYON_NUM_THREADS", "100000").output().unwrap();
    let run = Run::of(args, output);
    assert!(run.code == Some(2) && run.stderr.contains("at most 1024 threads"), "{}", run.stderr);
}

#[cfg(target_os = "linux")]
#[test]
fn a_limit_of_the_file_size_is_an_error_and_leaves_nothing() {
    let dir = Dir::with_model();
    let files = dir.files();
    let script = format!("ulimit -f 1; exec \"$0\" --quiet {FIT} --clusters 64 --output big.safetensors");
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_semid")]).current_dir(dir.path(""));
    let run = Run::of(&script, command.output().unwrap());
    assert!(
        run.code == Some(2) && run.stderr.contains("big.safetensors: writing failed"),
        "{:?} {}",
        run.code,
        run.stderr
    );
    assert_eq!(dir.files(), files);
}

#[test]
fn progress_without_a_terminal_is_a_line_per_level_and_epoch() {
    let dir = Dir::with_model();
    let lines = |args: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_semid"));
        command.current_dir(dir.path("")).env_remove("RUST_LOG").stdin(Stdio::null());
        let output = command.args(args.split_whitespace()).output().unwrap();
        let run = Run::of(args, output);
        assert_eq!(run.code, Some(0), "{}", run.stderr);
        let lines: Vec<String> = run.stderr.lines().map(str::to_owned).collect();
        (lines, run.stdout)
    };
    let (fit, json) = lines(&format!("{FIT} --output n.safetensors --json"));
    assert_eq!(fit.len(), 2, "{fit:?}");
    assert!(fit[0].contains("level 1/2, iteration ") && fit[1].contains("level 2/2, iteration "), "{fit:?}");
    assert!(json.starts_with('{') && json.trim_end().lines().count() == 1);
    let (each, _) = lines(&format!("{FIT} --output n.safetensors -v"));
    assert!(each.len() > 2 && each.iter().any(|line| line.contains("level 1/2, iteration 1 of")), "{each:?}");
    let (none, _) = lines(&format!("{FIT} --output n.safetensors -q"));
    assert!(none.is_empty());
    let network = "fit --input x.npy --kind rq-vae --levels 2 --clusters 8 --latent 4 --hidden 8 --batch 64 --epochs 3";
    let (epochs, _) = lines(&format!("{network} --output v.safetensors"));
    let about = |epoch: usize| epochs.iter().filter(|line| line.contains(&format!("epoch {epoch}/3"))).count();
    assert_eq!([about(1), about(2), about(3)], [1, 1, 1], "{epochs:?}");
}
