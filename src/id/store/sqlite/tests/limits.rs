//! Full disks, locks, and files that may not be written to.

use super::*;
use std::time::Instant;

#[test]
fn a_full_disk_leaves_the_items_and_the_rest_follows_later() {
    let dir = Dir::with_items(100);
    let (mut failures, mut pages) = (0, 1);
    loop {
        let store = dir.store();
        store.session().connection.pragma_update(None, "max_page_count", pages).unwrap();
        let mut registry = registry(store).unwrap();
        let result = assign(&mut registry, 0..2000);
        if result.is_ok() {
            assert_eq!(intact(&registry), 2000);
            break;
        }
        let error = result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Full), "{pages} pages: {error}");
        assert_eq!(error.path(), Some(dir.path().as_path()));
        // The limit holds in this connection, and for every other one.
        assert_eq!((intact(&registry), intact(&dir.registry())), (100, 100));
        dir.store().check().unwrap();
        (failures, pages) = (failures + 1, pages + 1);
    }
    assert!(failures >= 20, "{failures}");
    dir.store().check().unwrap();
}

#[test]
fn a_full_disk_at_creation_leaves_nothing_in_the_way() {
    let mut failures = 0;
    for pages in 1.. {
        let dir = Dir::new();
        let mut connection = Connection::open(dir.path()).unwrap();
        connection.pragma_update(None, "max_page_count", pages).unwrap();
        let result = schema::migrate(&mut connection);
        let made = result.is_ok();
        if let Err(error) = result {
            assert!(matches!(error.kind(), ErrorKind::Full), "{error}");
            assert_eq!(schema::check(&connection).unwrap(), 0);
            failures += 1;
        }
        drop(connection);
        assign(&mut dir.registry(), 0..10).unwrap();
        assert_eq!(intact(&dir.registry()), 10);
        if made {
            break;
        }
    }
    assert!(failures >= 3, "{failures}");
}

#[test]
fn a_locked_database_is_waited_for_and_then_reported() {
    let dir = Dir::with_items(10);
    let mut holder = dir.store();
    holder.begin().unwrap();
    let timeout = Duration::from_millis(60);
    let mut other = registry(SqliteStore::open_with(dir.path(), timeout).unwrap()).unwrap();
    let start = Instant::now();
    let error = assign(&mut other, 0..20).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Locked), "{error}");
    assert!(start.elapsed() >= timeout);
    assert_eq!(intact(&other), 10, "reading goes on");
    holder.rollback().unwrap();
    assign(&mut other, 0..20).unwrap();
    assert_eq!(intact(&other), 20);
}

#[test]
fn a_database_opened_to_read_cannot_be_changed() {
    let dir = Dir::with_items(10);
    let mut readers = registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap();
    assert_eq!(intact(&readers), 10);
    let error = assign(&mut readers, 0..11).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::ReadOnly { .. }), "{error}");
    assert_eq!(error.path(), Some(dir.path().as_path()));
    assert_eq!((intact(&readers), intact(&dir.registry())), (10, 10));
}

#[cfg(unix)]
#[test]
fn a_read_only_file_can_be_read() {
    use std::os::unix::fs::PermissionsExt;
    let dir = Dir::with_items(10);
    std::fs::set_permissions(dir.path(), PermissionsExt::from_mode(0o444)).unwrap();
    assert_eq!(intact(&registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap()), 10);
    // Permissions do not stop the superuser.
    if std::fs::OpenOptions::new().write(true).open(dir.path()).is_err() {
        let error = SqliteStore::open(dir.path()).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::ReadOnly { .. }), "{error}");
    }
}

/// Simulates a folder that may not be written to: SQLite finds no place for its shared memory.
#[cfg(unix)]
#[test]
fn a_file_in_a_read_only_folder_can_be_read_unless_changes_lie_beside_it() {
    let dir = Dir::with_items(10);
    std::os::unix::fs::symlink("nowhere", beside(&dir, "-shm")).unwrap();
    SqliteStore::open(dir.path()).unwrap_err(); // the fault is there
    assert_eq!(intact(&registry(SqliteStore::open_read_only(dir.path()).unwrap()).unwrap()), 10);
    std::fs::write(beside(&dir, "-wal"), b"changes").unwrap();
    let error = SqliteStore::open_read_only(dir.path()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
}

#[test]
fn missing_files_and_folders_are_named() {
    let dir = Dir::new();
    let error = SqliteStore::open_read_only(dir.path()).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == std::io::ErrorKind::NotFound));
    assert!(!dir.path().exists());
    let path = dir.path().join("no").join("folder.db");
    let error = SqliteStore::open(&path).unwrap_err();
    let io = |error: &Error, is| matches!(error.kind(), ErrorKind::Io { source, .. } if source.kind() == is);
    assert!(io(&error, std::io::ErrorKind::NotFound) && error.path() == Some(&path), "{error}");
    let error = SqliteStore::open(dir.0.path()).unwrap_err();
    assert!(io(&error, std::io::ErrorKind::IsADirectory), "{error}");
}

#[cfg(unix)]
fn beside(dir: &Dir, ending: &str) -> PathBuf {
    let mut name = dir.path().into_os_string();
    name.push(ending);
    name.into()
}
