//! Databases that are damaged or may not be written to, full disks, and Ctrl-C.

use super::Dir;
#[cfg(unix)]
use super::Run;

const ASSIGN: &str = "assign --db ids.db --input x.npy --items items.txt";
const COMMANDS: [&str; 4] =
    [ASSIGN, "lookup --db ids.db --prefix 1", "stats --db ids.db", "delete --db ids.db --item a"];

fn registered() -> Dir {
    let dir = Dir::with_items();
    dir.semid(&format!("{ASSIGN} --model m.safetensors --output ids.csv")).ok();
    dir
}

#[test]
fn what_is_no_registry_is_refused_and_left_alone() {
    let dir = registered();
    let whole = dir.read("ids.db");
    let sql = |sql: &str| {
        dir.write("ids.db", &whole);
        rusqlite::Connection::open(dir.path("ids.db")).unwrap().execute_batch(sql).unwrap();
        dir.read("ids.db")
    };
    let text = "some text that is no database, longer than the header of one".repeat(20);
    let cases: [(Vec<u8>, &[&str]); 6] = [
        (text.into_bytes(), &["no SQLite database"]),
        (whole[..whole.len() / 2].to_vec(), &["damaged registry", "restore"]),
        (sql("PRAGMA application_id = 7"), &["another program"]),
        (sql("PRAGMA user_version = 99"), &["version 99", "update semid"]),
        (sql("UPDATE manifest SET value = '99' WHERE key = 'format_version'"), &["version 99", "update semid"]),
        (sql("UPDATE manifest SET value = '' WHERE key = 'resolver'"), &["damaged registry", "resolver"]),
    ];
    for (bytes, parts) in cases {
        for command in COMMANDS {
            dir.write("ids.db", &bytes);
            remove_logs(&dir);
            dir.fails(command, &[&["ids.db"], parts].concat());
            assert!(dir.read("ids.db") == bytes, "{command} changed the file: {parts:?}");
        }
    }
    dir.write("ids.db", &whole);
    assert!(dir.semid(&format!("{ASSIGN} --output again.csv")).ok().contains("300 kept"));
    assert!(dir.read("again.csv") == dir.read("ids.csv"));
}

fn remove_logs(dir: &Dir) {
    for name in ["ids.db-wal", "ids.db-shm"] {
        let _ = std::fs::remove_file(dir.path(name)); // which need not be there
    }
}

#[test]
fn a_database_without_a_registry_becomes_one() {
    let dir = Dir::with_items();
    dir.write("ids.db", "");
    dir.fails("stats --db ids.db", &["ids.db", "no registry"]);
    dir.fails(ASSIGN, &["ids.db", "--model"]);
    assert_eq!(dir.semid(&format!("{ASSIGN} --model m.safetensors --json")).json(0)["new"], 300);
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_loses_the_file_but_no_ids() {
    let dir = Dir::with_items();
    std::os::unix::fs::symlink("/dev/full", dir.path("full.csv")).unwrap();
    let run = dir.semid(&format!("{ASSIGN} --model m.safetensors --output full.csv"));
    assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""));
    for part in ["full.csv", "No space left", "300 of 300 rows have their IDs in ids.db"] {
        assert!(run.stderr.contains(part), "{}", run.stderr);
    }
    assert_eq!(dir.semid(&format!("{ASSIGN} --output ids.csv --json")).json(0)["kept"], 300);
}

#[test]
#[cfg(target_os = "linux")]
fn exports_that_do_not_fit_are_named_as_asked_for_and_leave_nothing() {
    let dir = registered();
    // SQLite's own files beside the database cannot grow, either, and may stay.
    let files = || dir.files().into_iter().filter(|name| !name.starts_with("ids.db-")).collect::<Vec<_>>();
    let before = files();
    for (output, flags) in [("copy.db", ""), ("folder", " --kind hf --first-token 10")] {
        let script = format!("ulimit -f 1; exec \"$0\" --quiet export --db ids.db --output {output}{flags}");
        let mut command = std::process::Command::new("sh");
        command.args(["-c", &script, env!("CARGO_BIN_EXE_semid")]).current_dir(dir.path(""));
        let run = Run::of(&script, command.output().unwrap());
        assert_eq!(run.code, Some(2), "{}", run.stderr);
        assert!(run.stderr.starts_with(&format!("error: {output}")), "{}", run.stderr);
        assert!(!run.stderr.contains(".semid-"), "{}", run.stderr);
        assert_eq!(files(), before);
    }
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_written_to_can_be_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let dir = registered();
    let mode = |name: &str, mode| {
        std::fs::set_permissions(dir.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    let root = std::fs::metadata(dir.path("")).unwrap().uid() == 0;
    if root {
        dir.copy_tool(); // where nobody may run it
    }
    mode("ids.db", 0o444);
    mode("", 0o555);
    let (before, id) = (dir.read("ids.db"), dir.text("ids.csv").lines().nth(1).unwrap().replace("item 0,", ""));
    let run = |args: &str| Run::of(args, if root { nobody(&dir, args) } else { dir.command(args).output().unwrap() });
    let found = run(&format!("lookup --db ids.db --id {id}"));
    let stats = run("stats --db ids.db --json");
    let refused = [ASSIGN, "delete --db ids.db --item a"].map(&run);
    let new = run("assign --db new.db --model m.safetensors --input x.npy --items items.txt");
    let output = run(&format!("{ASSIGN} --output other.csv"));
    mode("", 0o755);
    assert_eq!((found.code, found.stdout.as_str()), (Some(0), "item 0\n"), "{}", found.stderr);
    assert_eq!(stats.json(0)["items"], 300);
    for (run, part) in refused.iter().map(|run| (run, "ids.db")).chain([(&new, "new.db"), (&output, "other.csv")]) {
        assert_eq!((run.code, run.stdout.as_str()), (Some(2), ""), "{}", run.stderr);
        assert!(run.stderr.starts_with("error: ") && run.stderr.contains(part), "{}", run.stderr);
    }
    assert!(
        refused.iter().chain([&new]).all(|run| run.stderr.contains("read-only")),
        "{}{}",
        refused[0].stderr,
        new.stderr
    );
    assert!(dir.read("ids.db") == before && !dir.path("new.db").exists());
}

/// Runs as the user `nobody`, to whom permissions apply.
#[cfg(unix)]
fn nobody(dir: &Dir, args: &str) -> std::process::Output {
    use std::os::unix::process::CommandExt;
    const NOBODY: u32 = 65_534;
    let mut command = std::process::Command::new(dir.path("semid"));
    command.args(args.split_whitespace()).current_dir(dir.path("")).uid(NOBODY).gid(NOBODY).output().unwrap()
}

#[test]
#[cfg(unix)]
fn ctrl_c_keeps_the_batches_that_are_done() {
    use super::signals::{signal, start, until, until_watching};
    let dir = Dir::new();
    dir.npy("x.npy", 20_000, 32);
    dir.items("items.txt", 0..20_000);
    dir.semid("fit --input x.npy --output m.safetensors --clusters 64 --sample 600 --max-iter 1").ok();
    let child = start(&dir, &format!("{ASSIGN} --model m.safetensors --output ids.csv --batch-rows 500"));
    until_watching(&child);
    until("the first batch", || {
        let open = dir.path("ids.db").exists().then(|| rusqlite::Connection::open(dir.path("ids.db")).ok()).flatten();
        let count = open.and_then(|db| db.query_row("SELECT count(*) FROM ids", [], |row| row.get::<_, i64>(0)).ok());
        count.is_some_and(|count| count > 0)
    });
    signal(&child, "-INT");
    let run = Run::of("", child.wait_with_output().unwrap());
    assert_eq!((run.code, run.stdout.as_str()), (Some(130), ""), "{}", run.stderr);
    let told = run.stderr.strip_prefix("error: interrupted; ").and_then(|text| {
        text.strip_suffix(" of 20000 rows have their IDs in ids.db; the same command goes on\n")?.parse().ok()
    });
    let done: u64 = told.unwrap_or_else(|| panic!("{}", run.stderr));
    assert!(done > 0 && done < 20_000 && done.is_multiple_of(500) && !dir.path("ids.csv").exists(), "{done}");
    assert_eq!(dir.semid("stats --db ids.db --json").json(0)["items"], done);

    let rest = dir.semid(&format!("{ASSIGN} --output ids.csv --json")).json(0);
    assert_eq!((&rest["kept"], &rest["new"]), (&done.into(), &(20_000 - done).into()));
    dir.semid(&format!("{ASSIGN} --model m.safetensors --output whole.csv").replace("ids.db", "whole.db")).ok();
    assert!(dir.read("whole.csv") == dir.read("ids.csv"));
}
