use super::*;
use crate::error::ErrorKind;

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
}

#[test]
fn appears_only_on_commit_and_replaces_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    std::fs::write(&path, "old").unwrap();
    let mut file = AtomicFile::create(&path).unwrap();
    file.write_all(&[1; 1 << 20]).unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    file.commit().unwrap();
    assert_eq!(std::fs::read(&path).unwrap(), [1; 1 << 20]);
    assert_eq!(names(dir.path()), ["x"]);
}

#[test]
fn dropped_without_commit_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = AtomicFile::create(&dir.path().join("x")).unwrap();
    file.write_all(&[1; 1 << 20]).unwrap();
    assert_eq!(names(dir.path()).len(), 1);
    drop(file);
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_missing_folder_is_an_io_error_with_the_path() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("missing").join("x");
    let error = AtomicFile::create(&path).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
    assert_eq!(error.path(), Some(path.as_path()));
    assert!(AtomicFile::create(dir.path()).is_err());
    assert!(names(dir.path()).is_empty());
}

#[test]
fn a_folder_that_appears_under_the_name_fails_the_commit_cleanly() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x");
    let file = AtomicFile::create(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let error = file.commit().unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
    assert_eq!(names(dir.path()), ["x"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn permissions_follow_the_umask_or_the_former_file() {
        let dir = tempfile::tempdir().unwrap();
        let (plain, path) = (dir.path().join("plain"), dir.path().join("x"));
        File::create(&plain).unwrap();
        AtomicFile::create(&path).unwrap().commit().unwrap();
        assert_eq!(mode(&path), mode(&plain));

        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        AtomicFile::create(&path).unwrap().commit().unwrap();
        assert_eq!(mode(&path), 0o640);
    }

    #[test]
    fn a_link_stays_and_its_target_is_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (target, link) = (dir.path().join("target"), dir.path().join("link"));
        std::fs::write(&target, "old").unwrap();
        symlink(&target, &link).unwrap();
        let mut file = AtomicFile::create(&link).unwrap();
        file.put(b"new").unwrap();
        file.commit().unwrap();
        assert!(link.is_symlink());
        assert_eq!(std::fs::read(&target).unwrap(), b"new");
    }

    #[test]
    fn devices_are_written_directly_and_stay_devices() {
        let mut file = AtomicFile::create(Path::new("/dev/null")).unwrap();
        file.put(b"gone").unwrap();
        file.commit().unwrap();
        assert!(!std::fs::metadata("/dev/null").unwrap().is_file());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_io_error_with_the_path() {
        let path = Path::new("/dev/full");
        let mut file = AtomicFile::create(path).unwrap();
        let error = file.put(&[0; 2 * BUFFER]).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
        assert_eq!(error.path(), Some(path));

        let mut file = AtomicFile::create(path).unwrap();
        file.put(b"fits the buffer").unwrap();
        assert!(file.commit().is_err());
    }
}
