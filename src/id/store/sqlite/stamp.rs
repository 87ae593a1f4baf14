//! Notices that a file was changed, for readers that cannot lock it.

use super::place::beside;
use crate::error::{Error, ErrorKind};
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Longer than a tick of a file system's clock, 4 or 10 ms: the second of two changes within a tick does not change the
/// time.
const TICK: Duration = Duration::from_millis(25);

/// Values of which one changes with every change of a database file, or with the first change in its write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    inode: u64,
    log: u64,
}

impl Stamp {
    /// Returns the stamp of a file as it is now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        let log = std::fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
        Some(Self { len: file.len(), modified: file.modified().ok(), inode: inode(&file), log })
    }

    /// Returns the stamp of a file, after waiting until its last change is old enough for the next one to show.
    pub(super) fn settled(path: &Path) -> Option<Self> {
        let recent = |stamp: &Self| stamp.modified.and_then(|at| at.elapsed().ok()).is_some_and(|age| age < TICK);
        let mut stamp = Self::of(path);
        for _ in 0..10 {
            if !stamp.as_ref().is_some_and(recent) {
                break;
            }
            std::thread::sleep(TICK / 5);
            stamp = Self::of(path);
        }
        stamp
    }
}

#[cfg(unix)]
fn inode(file: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::ino(file)
}

#[cfg(not(unix))]
fn inode(_file: &Metadata) -> u64 {
    0
}

/// Returns the error for a file that was changed while it was read without a lock.
pub(super) fn changed() -> Error {
    let reason = "the file was changed while it was read, and a reader without permission to write cannot lock it; \
                  read it again";
    ErrorKind::Store { reason: reason.to_owned() }.into()
}
