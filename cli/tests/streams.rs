//! What goes to stdout and stderr, and what happens when nobody reads it.

use super::{Dir, Run};

#[test]
fn a_closed_pipe_is_no_error() {
    let dir = Dir::with_model();
    for args in
        ["completions bash", "info --model m.safetensors", "demo", "--help", "info --model m.safetensors --json"]
    {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let output = dir.command(args).stdout(writer).output().unwrap();
        let run = Run::of(args, output);
        assert_eq!((run.code, run.stderr.as_str()), (Some(0), ""), "{args}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_stdout_is_an_error() {
    let dir = Dir::with_model();
    let args = "info --model m.safetensors";
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let run = Run::of(args, dir.command(args).stdout(full).output().unwrap());
    assert_eq!(run.code, Some(2));
    assert!(run.stderr.starts_with("error: stdout: writing failed: No space left"), "{}", run.stderr);
}

#[test]
fn colours_are_for_those_who_want_them() {
    let dir = Dir::new();
    let args = "info --model gone.safetensors";
    let stderr = |variables: &[(&str, &str)]| {
        let output = dir.command(args).envs(variables.iter().copied()).output().unwrap();
        Run::of(args, output).stderr
    };
    assert!(stderr(&[("CLICOLOR_FORCE", "1")]).contains("\u{1b}["));
    assert!(!stderr(&[]).contains('\u{1b}'));
    assert!(!stderr(&[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]).contains('\u{1b}'));
}

#[test]
fn rust_log_speaks_on_stderr_only() {
    let dir = Dir::with_model();
    let parquet: &[u8] = b"PAR1 not really PAR1";
    dir.write("bad.parquet", parquet);
    let args = "encode --model m.safetensors --input bad.parquet --output c.npy";
    let output = dir.command(args).env("RUST_LOG", "trace").output().unwrap();
    assert_eq!((output.status.code(), output.stdout.len()), (Some(2), 0));
}
