//! Readers: threads, snapshots, and files that may not be written to.

use super::*;

#[test]
fn threads_read_without_a_lock_of_their_own() {
    let dir = Dir::with_items(500);
    let shared = registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap();
    std::thread::scope(|scope| {
        let readers: Vec<_> =
            (0..4).map(|_| scope.spawn(|| (0..5).for_each(|_| assert!(intact(&shared) >= 500)))).collect();
        assign(&mut dir.registry(), 500..520).unwrap();
        readers.into_iter().for_each(|reader| reader.join().unwrap());
    });
    assert_eq!(intact(&shared), 520);
}

/// Opens as a reader without permission to write does; permissions alone would not lead the superuser there.
fn without_permission(dir: &Dir, is_snapshot: bool) -> SqliteStore {
    let (path, options) = (dir.path(), SqliteOptions::new());
    let session = open::without_permission(&path, &options, is_snapshot);
    SqliteStore { is_snapshot, ..SqliteStore::of(&path, &options, session).unwrap() }
}

fn files(dir: &Dir) -> Vec<String> {
    let name = |file: std::io::Result<std::fs::DirEntry>| file.unwrap().file_name().into_string().unwrap();
    let mut names: Vec<String> = std::fs::read_dir(dir.0.path()).unwrap().map(name).collect();
    names.sort();
    names
}

#[test]
fn readers_without_permission_leave_nothing_and_see_what_is_written() {
    let dir = Dir::with_items(300);
    let reader = registry(without_permission(&dir, false)).unwrap();
    assert_eq!(intact(&reader), 300);
    assert_eq!(files(&dir).len(), 1, "{:?}", files(&dir));
    let mut writer = dir.registry();
    assign(&mut writer, 300..320).unwrap();
    assert_eq!(intact(&reader), 320, "what lies in the log of a writer");
    let snapshot = reader.snapshot().unwrap();
    assign(&mut writer, 320..340).unwrap();
    assert_eq!((intact(&snapshot), intact(&reader)), (320, 340));
    drop(snapshot);
    drop(writer);
    assert_eq!(intact(&reader), 340, "the log is gone");
    drop(reader);
    let mut writer = dir.registry();
    assign(&mut writer, 340..360).unwrap();
    drop(writer);
    assert_eq!(files(&dir).len(), 1, "{:?}", files(&dir));
}

#[test]
fn a_snapshot_without_locks_says_that_the_file_was_changed() {
    let dir = Dir::with_items(300);
    let reader = registry(without_permission(&dir, false)).unwrap();
    let snapshot = registry(without_permission(&dir, true)).unwrap();
    assert_eq!((intact(&snapshot), intact(&reader)), (300, 300));
    // SQLite copies the log into the file when the last writer ends.
    assign(&mut dir.registry(), 0..310).unwrap();
    let error = snapshot.len().unwrap_err();
    assert!(error.to_string().contains("changed while it was read"), "{error}");
    assert_eq!(intact(&reader), 310);
    assert_eq!(intact(&reader.snapshot().unwrap()), 310);
}

#[test]
fn copies_are_made_of_files_without_permission() {
    let dir = Dir::with_items(300);
    let copy = dir.0.path().join("copy.db");
    without_permission(&dir, false).read(|session| session.copy_to(&copy)).unwrap();
    assert_eq!(intact(&registry(SqliteStore::open(copy).unwrap()).unwrap()), 300);
}

#[cfg(unix)]
#[test]
fn a_log_of_another_user_is_named_with_its_owner() {
    use std::io::Write;
    use std::os::unix::fs::{MetadataExt, chown};
    let dir = Dir::with_items(10);
    if std::fs::metadata(dir.path()).unwrap().uid() != 0 {
        // The harness does not capture this, so that the skip shows.
        let _ = writeln!(std::io::stderr(), "SKIPPED: only the superuser can give files to others");
        return;
    }
    // When the superuser runs SQLite, it gives the files that it makes to the owner of the database.
    let store = dir.store();
    let log = place::beside(&dir.path(), "-wal");
    chown(&log, Some(65_534), None).unwrap();
    let error = store.at(ErrorKind::ReadOnly { owner: None }.into());
    assert!(matches!(error.kind(), ErrorKind::ForeignLog { file, owner } if *file == log && owner == "user 65534"));
    assert!(error.to_string().contains("-wal") && error.to_string().contains("65534"), "{error}");
}
