//! Tells whether a database would lie where the locks of SQLite do not hold.
//!
//! A write-ahead log needs memory that all processes share, and locks that all of them see. Network file systems have
//! neither between machines: databases on them are damaged sooner or later, without a message.

use crate::output::Failure;
use crate::place::Place;
use std::io;
use std::path::{Path, PathBuf};

/// The property of a file system that matters to databases.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(any(target_os = "linux", test)), expect(dead_code, reason = "only Linux tells which one it is"))]
enum FileSystem {
    Local,
    /// Several machines share it.
    Network(&'static str),
    /// A program of the user's serves it, from the network or not.
    Program(&'static str),
}

/// Refuses a new database on a network file system; returns a warning for one that is there already, and for a file
/// system that may be one.
///
/// `probe` tells the file system of an existing path. Where it cannot tell, the check passes: opening the database
/// finds what is wrong with the path.
fn check(db: &Path, probe: impl Fn(&Path) -> io::Result<FileSystem>) -> Result<Option<String>, Failure> {
    let exists = db.exists();
    let at = if exists { db.to_path_buf() } else { folder(db) };
    let advice = "databases there are damaged when several machines use them, or a connection breaks";
    let shown = db.display();
    match probe(&at).unwrap_or(FileSystem::Local) {
        FileSystem::Local => Ok(None),
        FileSystem::Network(name) if !exists => Err(Failure::Error(format!(
            "{shown}: would be on {name}, a network file system; {advice}; give a --db on a local disk"
        ))),
        FileSystem::Network(name) => {
            Ok(Some(format!("{shown}: is on {name}, a network file system; {advice}; move it to a local disk")))
        }
        FileSystem::Program(name) => Ok(Some(format!(
            "{shown}: is on {name}, which may be a network file system; if it is, {advice}; a local disk is safe"
        ))),
    }
}

/// Checks a file as [`check`] does; accepts a database of PostgreSQL, which is made for several machines.
pub(crate) fn check_place(place: &Place) -> Result<Option<String>, Failure> {
    if place.url().is_some() { Ok(None) } else { check(place, probe) }
}

/// Returns the folder in which a new file is created.
fn folder(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

/// Returns the file system of a path, by its number in the kernel.
#[cfg(target_os = "linux")]
fn probe(path: &Path) -> io::Result<FileSystem> {
    use std::mem::MaybeUninit;
    use std::os::unix::ffi::OsStrExt;

    let path = std::ffi::CString::new(path.as_os_str().as_bytes())?;
    let mut found = MaybeUninit::<libc::statfs>::uninit();
    // SAFETY: the path ends in a zero byte, and `found` has room for what the call writes.
    if unsafe { libc::statfs(path.as_ptr(), found.as_mut_ptr()) } != 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: the call succeeded, so it has written all of `found`.
    let found = unsafe { found.assume_init() };
    // The number has 32 bits, but its field has other types on other machines, which extend its sign.
    Ok(named(found.f_type as u32))
}

#[cfg(not(target_os = "linux"))]
fn probe(_path: &Path) -> io::Result<FileSystem> {
    Ok(FileSystem::Local)
}

/// Returns the file system that has this number in `linux/magic.h` and in the sources of the kernel.
#[cfg(any(target_os = "linux", test))]
fn named(magic: u32) -> FileSystem {
    match magic {
        0x6969 => FileSystem::Network("NFS"),
        0x517B | 0xFF53_4D42 | 0xFE53_4D42 => FileSystem::Network("SMB"),
        0x5346_414F | 0x6B41_4653 => FileSystem::Network("AFS"),
        0x00C3_6400 => FileSystem::Network("Ceph"),
        0x0BD0_0BD0 => FileSystem::Network("Lustre"),
        0x6573_5546 => FileSystem::Program("FUSE"),
        0x0102_1997 => FileSystem::Program("9P"),
        _ => FileSystem::Local,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(db: &Path, found: FileSystem) -> Result<Option<String>, Failure> {
        check(db, |_| Ok(found))
    }

    #[test]
    fn new_databases_are_refused_on_network_file_systems_and_others_warned_of() {
        let dir = tempfile::tempdir().unwrap();
        let (new, old) = (dir.path().join("new.db"), dir.path().join("old.db"));
        std::fs::write(&old, "").unwrap();
        for magic in [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x00C3_6400] {
            let network @ FileSystem::Network(name) = named(magic) else { panic!("{magic:x}") };
            let Err(Failure::Error(refused)) = checked(&new, network) else { panic!("{magic:x}") };
            assert!(
                refused.contains("new.db") && refused.contains(name) && refused.contains("local disk"),
                "{refused}"
            );
            let warned = checked(&old, network).unwrap().unwrap();
            assert!(warned.contains("old.db") && warned.contains(name) && warned.contains("local disk"), "{warned}");
        }
        for db in [&new, &old] {
            let warned = checked(db, named(0x6573_5546)).unwrap().unwrap();
            assert!(warned.contains("FUSE"), "{warned}");
            assert_eq!(checked(db, named(0xEF53)).unwrap(), None);
            assert_eq!(check(db, |_| Err(io::ErrorKind::NotFound.into())).unwrap(), None);
        }
        assert!(!new.exists());
    }

    #[test]
    fn the_folder_of_a_new_database_is_asked_and_an_existing_one_itself() {
        let dir = tempfile::tempdir().unwrap();
        let db = dir.path().join("ids.db");
        let asked = |db: &Path, expected: &Path| {
            check(db, |path| {
                assert_eq!(path, expected);
                Ok(FileSystem::Local)
            })
        };
        asked(&db, dir.path()).unwrap();
        std::fs::write(&db, "").unwrap();
        asked(&db, &db).unwrap();
        asked(Path::new("no such.db"), Path::new(".")).unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn the_kernel_is_asked() {
        assert!(probe(Path::new("/proc")).is_ok_and(|found| found == FileSystem::Local));
        assert!(probe(Path::new("/no such folder")).is_err());
        assert!(probe(Path::new("a\0b")).is_err());
    }
}
