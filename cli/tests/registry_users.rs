//! A database of one user, read by another one who may not write to it. Only the superuser can be several users.

use super::{Dir, Run};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;

const OWNER: u32 = 12_345;
const READER: u32 = 65_534;

/// A folder that everybody can write to, with the owner's database of 300 items and an output of the IDs; none where
/// this process may not be other users.
fn of_the_owner() -> Option<Dir> {
    let dir = Dir::with_items();
    if std::fs::metadata(dir.path("")).unwrap().uid() != 0 {
        // The harness does not capture this, so that the skip shows.
        let _ = writeln!(std::io::stderr(), "SKIPPED: only the superuser can run programs as other users");
        return None;
    }
    std::fs::set_permissions(dir.path(""), std::fs::Permissions::from_mode(0o777)).unwrap();
    dir.copy_tool(); // where others may run it
    run(&dir, OWNER, "assign --db ids.db --input x.npy --items items.txt --model m.safetensors").ok();
    assert_eq!(std::fs::metadata(dir.path("ids.db")).unwrap().uid(), OWNER);
    std::fs::set_permissions(dir.path("ids.db"), std::fs::Permissions::from_mode(0o644)).unwrap();
    Some(dir)
}

fn run(dir: &Dir, user: u32, args: &str) -> Run {
    let mut command = std::process::Command::new(dir.path("semid"));
    command.args(args.split_whitespace()).current_dir(dir.path("")).uid(user).gid(user);
    Run::of(args, command.output().unwrap())
}

/// The files of a user.
fn files_of(dir: &Dir, user: u32) -> Vec<String> {
    let of = |name: &String| std::fs::symlink_metadata(dir.path(name)).unwrap().uid() == user;
    dir.files().into_iter().filter(of).collect()
}

fn read_everything(dir: &Dir, items: usize) {
    assert_eq!(run(dir, READER, "stats --db ids.db --json").json(0)["items"], items);
    assert_eq!(run(dir, READER, "lookup --db ids.db --prefix= --json").json(0)["items"], items);
    run(dir, READER, "export --db ids.db --output out.csv").ok();
    assert_eq!(dir.text("out.csv").lines().count(), items + 1);
    run(dir, READER, "export --db ids.db --output copy.db").ok();
    assert_eq!(run(dir, READER, "stats --db copy.db --json").json(0)["items"], items);
    assert_eq!(files_of(dir, READER), ["copy.db", "out.csv"], "what a reader leaves");
    for name in ["copy.db", "out.csv"] {
        std::fs::remove_file(dir.path(name)).unwrap();
    }
}

#[test]
fn readers_leave_nothing_that_locks_the_owner_out() {
    let Some(dir) = of_the_owner() else { return };
    read_everything(&dir, 300);
    assert_eq!(run(&dir, OWNER, "delete --db ids.db --item 7").code, Some(1), "an item that is not there");
    // While a writer has the database open, its changes are in the log beside it.
    let writer = rusqlite::Connection::open(dir.path("ids.db")).unwrap();
    writer.execute_batch("UPDATE ids SET item = NULL, former = item WHERE item = 'item 9'").unwrap();
    assert!(std::fs::metadata(dir.path("ids.db-wal")).unwrap().len() > 0);
    read_everything(&dir, 299);
    drop(writer);
    read_everything(&dir, 299);
    for (user, refused) in [(READER, true), (OWNER, false)] {
        let assign = run(&dir, user, "assign --db ids.db --input x.npy --items items.txt --json");
        assert_eq!(assign.code, Some(if refused { 2 } else { 0 }), "{}", assign.stderr);
        for part in ["ids.db: ", "read-only", "belongs to user 12345"] {
            assert!(!refused || assign.stderr.contains(part), "{}", assign.stderr);
        }
    }
    assert_eq!(run(&dir, OWNER, "stats --db ids.db --json").json(0)["items"], 300);
    assert_eq!(files_of(&dir, READER), Vec::<String>::new());
}

#[test]
fn files_of_another_user_beside_the_database_are_named() {
    let Some(dir) = of_the_owner() else { return };
    for name in ["ids.db-wal", "ids.db-shm"] {
        dir.write(name, "");
        chown(dir.path(name), Some(READER), Some(READER)).unwrap();
        for command in
            ["assign --db ids.db --input x.npy --items items.txt --update-changed", "delete --db ids.db --item a"]
        {
            let refused = run(&dir, OWNER, command);
            assert_eq!(refused.code, Some(2), "{command} beside {name}");
            for part in ["ids.db", name, "user 65534"] {
                assert!(refused.stderr.contains(part), "{command} beside {name}: {}", refused.stderr);
            }
        }
        std::fs::remove_file(dir.path(name)).unwrap();
        for rest in ["ids.db-wal", "ids.db-shm"] {
            let _ = std::fs::remove_file(dir.path(rest)); // which need not be there
        }
    }
    run(&dir, OWNER, "assign --db ids.db --input x.npy --items items.txt").ok();
}
