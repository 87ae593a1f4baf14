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
    let mut file = AtomicFile::create(dir.path().join("x")).unwrap();
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
    assert!(error.to_string().contains("there is no folder") && !error.to_string().contains(".semid-"), "{error}");
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

#[test]
fn a_folder_is_no_output() {
    let dir = tempfile::tempdir().unwrap();
    let checked = [AtomicFile::check(dir.path()).unwrap_err(), AtomicFile::create(dir.path()).unwrap_err()];
    for error in checked.map(|error| error.to_string()) {
        assert!(error.ends_with("is a directory"), "{error}");
    }
    assert!(names(dir.path()).is_empty());
}

#[cfg(windows)]
mod windows {
    use super::*;
    use std::os::windows::fs::OpenOptionsExt;

    #[test]
    fn a_file_that_another_program_has_open_is_refused_before_any_work() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "old").unwrap();
        // As spreadsheets open files: others may read, and no more than that.
        let held = OpenOptions::new().read(true).share_mode(1).open(&path).unwrap();
        for error in [AtomicFile::check(&path).unwrap_err(), AtomicFile::create(&path).unwrap_err()] {
            assert!(error.to_string().contains("another program has the file there open"), "{error}");
        }
        drop(held);
        let mut file = AtomicFile::create(&path).unwrap();
        file.put(b"new").unwrap();
        let held = OpenOptions::new().read(true).share_mode(1).open(&path).unwrap();
        let soon = std::thread::spawn(move || {
            std::thread::sleep(std::time::Duration::from_millis(100));
            drop(held);
        });
        file.commit().unwrap();
        soon.join().unwrap();
        let held = OpenOptions::new().read(true).share_mode(3).open(&path).unwrap();
        assert!(AtomicFile::create(&path).is_err());
        drop(held);
        assert_eq!(std::fs::read(&path).unwrap(), b"new");
        assert_eq!(names(dir.path()), ["x"]);
    }

    #[test]
    fn nul_takes_every_byte() {
        for name in ["NUL", "nul"] {
            let mut file = AtomicFile::create(name).unwrap();
            file.put(b"lost").unwrap();
            file.commit().unwrap();
        }
    }
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
    fn a_link_to_nothing_stays_and_its_target_is_made() {
        let dir = tempfile::tempdir().unwrap();
        let (target, first, second) = (dir.path().join("target"), dir.path().join("first"), dir.path().join("second"));
        symlink("second", &first).unwrap();
        symlink(&target, &second).unwrap();
        let mut file = AtomicFile::create(&first).unwrap();
        file.put(b"new").unwrap();
        file.commit().unwrap();
        assert!(first.is_symlink() && second.is_symlink());
        assert_eq!(std::fs::read(&target).unwrap(), b"new");

        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        symlink(&a, &b).unwrap();
        symlink(&b, &a).unwrap();
        AtomicFile::create(&a).unwrap_err();
    }

    #[test]
    fn a_write_protected_file_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "old").unwrap();
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o444)).unwrap();
        for error in [AtomicFile::create(&path).unwrap_err(), AtomicFile::check(&path).unwrap_err()] {
            assert!(error.to_string().contains("write-protected"), "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
        assert_eq!((std::fs::read(&path).unwrap(), names(dir.path())), (b"old".to_vec(), vec!["x".to_owned()]));
    }

    #[test]
    fn a_pipe_is_written_once_and_not_opened_to_check_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&path).status().unwrap().success());
        // Nobody reads yet, so that opening it would wait.
        AtomicFile::check(&path).unwrap();
        let reader = std::thread::spawn({
            let path = path.clone();
            move || std::fs::read(path).unwrap()
        });
        let mut file = AtomicFile::create(&path).unwrap();
        file.put(b"all of it").unwrap();
        file.commit().unwrap();
        assert_eq!(reader.join().unwrap(), b"all of it");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_live_one_writes_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        let left = dir.path().join(format!(".semid-{}-abcdef", &boot[..8]));
        let elsewhere = dir.path().join(".semid-00000000-abcdef");
        std::fs::write(&left, "half").unwrap();
        std::fs::write(&elsewhere, "half").unwrap();
        let held = dir.path().join(format!(".semid-{}-ghijkl", &boot[..8]));
        let live = File::create(&held).unwrap();
        live.lock().unwrap();
        AtomicFile::create(dir.path().join("x")).unwrap().commit().unwrap();
        assert!(!left.exists() && held.exists() && elsewhere.exists());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_owner_of_a_former_file_stays() {
        use std::os::unix::fs::{MetadataExt, chown};
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x");
        std::fs::write(&path, "old").unwrap();
        // Only root can give files away.
        let other = match chown(&path, Some(12345), Some(12345)) {
            Ok(()) => 12345,
            Err(_) => std::fs::metadata(&path).unwrap().uid(),
        };
        AtomicFile::create(&path).unwrap().commit().unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().uid(), other);
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
