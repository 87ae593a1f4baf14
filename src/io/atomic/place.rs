//! The thing that an output's path names, and whether it may be replaced.

use super::folder;
use std::fs::{Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

/// Most links that are followed, one after the other.
const MOST_LINKS: usize = 40;

/// What a path names.
#[derive(Debug)]
pub(super) enum Destination {
    /// A file that is or will be at this path, which is no link; the metadata are those of the file that is there.
    File(PathBuf, Option<Metadata>),
    /// A pipe, a device or an open descriptor of this process, which is written directly.
    Direct,
}

impl Destination {
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        if is_descriptor(path) {
            return Ok(Self::Direct);
        }
        match std::fs::metadata(path) {
            Ok(former) if former.is_file() => {
                check_writable(path, &former)?;
                Ok(Self::File(path.canonicalize()?, Some(former)))
            }
            Ok(_) => Ok(Self::Direct),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::File(end_of_links(path)?, None)),
            Err(error) => Err(error),
        }
    }
}

/// Refuses a file that is write-protected, because renaming would replace it all the same.
fn check_writable(path: &Path, former: &Metadata) -> io::Result<()> {
    check_permissions(former)?;
    match OpenOptions::new().write(true).open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(write_protected()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// Refuses a file that is write-protected by its permissions, which do not stop the superuser.
pub(super) fn check_permissions(former: &Metadata) -> io::Result<()> {
    if former.permissions().readonly() { Err(write_protected()) } else { Ok(()) }
}

fn write_protected() -> io::Error {
    let reason = "the file there is write-protected; make it writable, delete it, or name another file";
    io::Error::new(ErrorKind::PermissionDenied, reason)
}

/// Follows the links at `path` to their end, where nothing exists yet.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        match std::fs::read_link(&path) {
            Ok(target) => path = folder(&path).join(target),
            Err(_) => return Ok(path),
        }
    }
    Err(io::Error::other("links lead in a circle"))
}

/// Whether `path` names an open descriptor of this process, such as `/dev/stdout`, which may well be a regular file.
fn is_descriptor(path: &Path) -> bool {
    let parent = path.parent().unwrap_or(Path::new(""));
    matches!(path.to_str(), Some("/dev/stdout" | "/dev/stderr"))
        || [Path::new("/dev/fd"), Path::new("/proc/self/fd")].contains(&parent)
}
