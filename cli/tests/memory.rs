//! Too little memory: an error that says what did not fit, and nothing half-written.

use super::Dir;
use std::io::Write;
use std::process::Command;

/// `semid` with at most `limit` bytes of address space; the code, 101 for a crash, and what it said.
fn limited(dir: &Dir, limit: u64, args: &str) -> (i32, String) {
    let script = format!("ulimit -v {}; exec \"$0\" {args}", limit / 1024);
    let mut command = Command::new("sh");
    command.args(["-c", &script, env!("CARGO_BIN_EXE_semid")]).current_dir(dir.path(""));
    let output = command.env("RAYON_NUM_THREADS", "2").output().unwrap();
    (output.status.code().unwrap_or(101), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Embeddings of 400 MiB that take no room on the disk.
fn large(dir: &Dir) {
    const ROWS: u64 = 262_144;
    let shape = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({ROWS}, 400), }}");
    dir.write(
        "x.npy",
        format!("\u{93}NUMPY\u{1}\0\u{76}\0{shape:117}\n").chars().map(|c| c as u8).collect::<Vec<u8>>(),
    );
    std::fs::File::options().write(true).open(dir.path("x.npy")).unwrap().set_len(128 + ROWS * 1600).unwrap();
}

#[test]
fn too_little_memory_of_the_host_is_an_error() {
    let dir = Dir::new();
    large(&dir);
    for mebibytes in [200, 300, 400] {
        let (code, error) =
            limited(&dir, mebibytes << 20, "fit --input x.npy --output m.safetensors --clusters 4 --device cpu");
        assert_eq!(code, 2, "{mebibytes} MiB: {error}");
        // Which of the two comes first depends on what threads have reserved by then.
        let what = ["rows on the grid", "a chunk of rows"].iter().any(|what| error.contains(what));
        assert!(error.contains("out of memory") && what, "{mebibytes} MiB: {error}");
    }
    assert_eq!(dir.files(), ["x.npy"]);
}

/// The driver itself takes a gigabyte of addresses, more or less: the limit goes up until the adapter opens, and what
/// is missing is its memory.
#[test]
fn too_little_memory_of_the_adapter_is_an_error() {
    let dir = Dir::new();
    if !dir.semid("devices --json").json(0).to_string().contains("llvmpipe") {
        assert!(std::env::var_os("SEMID_REQUIRE_ADAPTERS").is_none(), "llvmpipe is missing");
        // The harness does not capture this, so that the skip shows.
        let _ = writeln!(std::io::stderr(), "SKIPPED: no llvmpipe, whose memory can be limited");
        return;
    }
    large(&dir);
    let args = "fit --input x.npy --output m.safetensors --clusters 4 --max-iter 1 --device gpu:llvmpipe";
    let mut limit = 1_u64 << 30;
    loop {
        let (code, error) = limited(&dir, limit, args);
        assert!(code == 2 && error.contains("error:"), "{limit} bytes: {code} {error}");
        if error.contains("out of memory") && error.contains("on gpu") {
            break;
        }
        limit += 64 << 20;
        assert!(limit < 16 << 30, "{error}");
    }
    assert_eq!(dir.files(), ["x.npy"]);
}

/// Under every limit an evaluation either has the memory it needs or says which it lacks. Close to one, the start of a
/// thread may be what lacks memory, and the process ends as in [`no_command_aborts_for_lack_of_memory`].
#[test]
fn too_little_memory_for_an_evaluation_is_an_error() {
    const ROWS: usize = 200_000;
    let dir = Dir::new();
    dir.npy("x.npy", ROWS, 2);
    dir.write("labels.txt", (0..ROWS).map(|row| format!("{}\n", row % 97)).collect::<String>());
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 32 --max-iter 2 --sample 5000").ok();
    let inputs = "eval --input x.npy --model m.safetensors --labels labels.txt --device cpu";
    let args = format!("{inputs} --k 1 --sample 2 --pairs 3000000 --json");
    let (mut refused, mut whats) = (0, std::collections::BTreeSet::new());
    for mebibytes in (176..2048).step_by(24) {
        let (code, error) = limited(&dir, mebibytes << 20, &args);
        if code == 0 {
            break;
        }
        let says_why = ["out of memory", "for lack of memory"].iter().any(|why| error.contains(why));
        assert!(code == 2 && says_why, "{mebibytes} MiB: {code} {error}");
        refused += 1;
        whats
            .extend(error.split_once("bytes for ").and_then(|(_, what)| Some(what.split_once(" could")?.0.to_owned())));
    }
    assert!(refused >= 4 && whats.len() >= 3, "{refused} refusals, for {whats:?}");
}

/// Whatever is missing, be it the memory of a short text, a command ends with a message and leaves nothing behind.
#[cfg(target_os = "linux")]
#[test]
fn no_command_aborts_for_lack_of_memory() {
    let dir = Dir::new();
    dir.npy("x.npy", 20_000, 16);
    dir.items("items.txt", 0..20_000);
    dir.semid("fit --input x.npy --output m.safetensors --levels 2 --clusters 64 --max-iter 2 --sample 5000").ok();
    let files = dir.files();
    // Below this the system cannot even start the program.
    let least = (1..).find(|mebibytes| limited(&dir, mebibytes << 20, "--version").0 == 0).unwrap();
    for args in [
        "eval --input x.npy --model m.safetensors --device cpu --sample 50",
        "assign --input x.npy --items items.txt --db ids.db --model m.safetensors --device cpu",
        "encode --input x.npy --model m.safetensors --device cpu --output ids.csv",
        "fit --input x.npy --output new.safetensors --levels 2 --clusters 64 --max-iter 2 --device cpu",
    ] {
        let mut refused = 0;
        for halves in least * 2.. {
            let (code, error) = limited(&dir, halves << 19, args);
            if code == 0 {
                break;
            }
            // Where the C library or Rust's runtime itself lacks memory, it says so first.
            let fatal =
                |line: &&str| ["Fatal glibc error: ", "fatal runtime error: "].iter().any(|at| line.starts_with(at));
            let said = error.lines().find(|line| !fatal(line));
            // And memory may be missing while another error is written, by another thread into the middle of its line.
            let amid = error.lines().any(|line| fatal(&line) && line.contains("error: out of memory"));
            let is_error = amid || said.is_some_and(|line| line.starts_with("error:"));
            assert!(code == 2 && is_error, "{args}, {halves} halves of a MiB: {code} {error}");
            assert!(args.starts_with("fit") || !error.contains("--sample"), "{args}: {error}");
            refused += 1;
            let left: Vec<String> = dir.files().into_iter().filter(|name| name.starts_with(".semid-")).collect();
            assert!(left.is_empty(), "{args}, {halves} halves of a MiB: {left:?}");
        }
        assert!(refused > 0, "{args}");
        for made in ["ids.db", "ids.csv", "new.safetensors"] {
            let _ = std::fs::remove_file(dir.path(made));
        }
    }
    assert_eq!(dir.files(), files);
}

/// Each thread that starts may be the one whose memory is missing, and two may find that at once.
#[cfg(target_os = "linux")]
#[test]
fn threads_that_cannot_start_are_an_error() {
    let dir = Dir::with_model();
    let starts = |limit: u64| limited(&dir, limit, "--version").0 == 0;
    let least = (1..).map(|mebibytes| mebibytes << 20).find(|limit| starts(*limit)).unwrap();
    // Beyond the memory of a few threads' stacks.
    for limit in (least..least + (6 << 20)).step_by(8 << 10) {
        let (code, error) = limited(&dir, limit, "eval --input x.npy --model m.safetensors --device cpu");
        assert!(code == 0 || code == 2 && error.contains("error:"), "{limit} bytes: {code} {error}");
    }
}

/// What does not fit takes turns: 400 MiB of rows in a process that may take 540 MiB of addresses in all, most of which
/// threads reserve and do not use.
#[test]
fn fits_keep_to_the_memory_they_are_given() {
    let dir = Dir::new();
    large(&dir);
    let args = "fit --input x.npy --output m.safetensors --levels 1 --clusters 4 --max-iter 1 --device cpu --json";
    let (code, error) = limited(&dir, 540 << 20, &format!("{args} --memory 150MiB"));
    assert_eq!(code, 0, "{error}");
    let (code, error) = limited(&dir, 540 << 20, &format!("{args} --memory 4GiB"));
    assert!(code == 2 && error.contains("rows on the grid"), "held in memory, they do not fit: {error}");
    let (code, error) = limited(&dir, 540 << 20, &format!("{args} --memory 1MiB"));
    assert!(code == 2 && error.contains("allow more memory"), "{error}");
    let (code, error) = limited(&dir, 540 << 20, &format!("{args} --memory 150MiB --balanced"));
    assert!(code == 2 && error.contains("fit on a sample"), "{error}");
    let (code, error) = limited(&dir, 540 << 20, &format!("{args} --memory 2G"));
    assert!(code == 2 && error.contains("such as 600MiB or 2GB"), "{error}");
}

/// Neither the memory nor the devices that share the rows change the model.
#[test]
fn memory_and_several_devices_change_nothing() {
    let dir = Dir::new();
    dir.npy("x.npy", 40_000, 2);
    let fingerprint = |flags: &str| {
        let args =
            format!("fit --input x.npy --output m.safetensors --levels 2 --clusters 8 --max-iter 5 --json {flags}");
        dir.semid(&args).json(0)["fingerprint"].to_string()
    };
    let expected = fingerprint("--device cpu");
    for flags in ["--device cpu --memory 66MiB", "--device cpu,reference", "--device cpu,reference --memory 66MiB"] {
        assert_eq!(fingerprint(flags), expected, "{flags}");
    }
}
