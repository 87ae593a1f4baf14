//! Whether a file was changed, for readers that cannot lock it.

use super::place::beside;
use crate::error::{Error, ErrorKind};
use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// Clocks of file systems tick every 4 or 10 ms: of two changes within a tick the second one is not seen.
const TICK: Duration = Duration::from_millis(25);

/// What changes with every change of a database file, or with the first one that goes to its write-ahead log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamp {
    len: u64,
    modified: Option<SystemTime>,
    inode: u64,
    log: u64,
}

impl Stamp {
    /// The stamp of a file as it is now.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let file = std::fs::metadata(path).ok()?;
        let log = std::fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len());
        Some(Self { len: file.len(), modified: file.modified().ok(), inode: inode(&file), log })
    }

    /// The stamp of a file whose last change is so long ago that another one is seen.
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

/// The file was changed while it was read without a lock.
pub(super) fn changed() -> Error {
    let reason = "the file was changed while it was read, and a reader without permission to write cannot lock it; \
                  read it again";
    ErrorKind::Store { reason: reason.to_owned() }.into()
}
