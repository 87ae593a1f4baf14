//! The thing that an output's path names, and whether it may be replaced.

use super::folder;
use std::fs::{Metadata, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::time::Duration;

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
                Ok(Self::File(end_of_links(path)?, Some(former)))
            }
            Ok(former) if former.is_dir() => Err(ErrorKind::IsADirectory.into()),
            Ok(_) => Ok(Self::Direct),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::File(end_of_links(path)?, None)),
            Err(error) => Err(error),
        }
    }
}

/// Refuses a file that is write-protected, because renaming would replace it all the same.
fn check_writable(path: &Path, former: &Metadata) -> io::Result<()> {
    check_permissions(former)?;
    match to_replace().open(path) {
        Err(error) if error.kind() == ErrorKind::PermissionDenied => Err(write_protected()),
        Err(error) if is_in_use(&error) => Err(in_use()),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

#[cfg(not(windows))]
fn to_replace() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    options
}

/// On Windows a file is not replaced while another program has it open that does not allow this.
#[cfg(windows)]
fn to_replace() -> OpenOptions {
    use std::os::windows::fs::OpenOptionsExt;
    const DELETE: u32 = 0x0001_0000;
    const GENERIC_WRITE: u32 = 0x4000_0000;
    let mut options = OpenOptions::new();
    options.access_mode(GENERIC_WRITE | DELETE);
    options
}

/// Whether a file could not be opened because of other programs.
fn is_in_use(error: &io::Error) -> bool {
    const ERROR_SHARING_VIOLATION: i32 = 32;
    cfg!(windows) && error.raw_os_error() == Some(ERROR_SHARING_VIOLATION)
}

fn in_use() -> io::Error {
    let reason = "another program has the file there open; close it in that program, or name another file";
    io::Error::new(ErrorKind::ResourceBusy, reason)
}

/// Renames a file, over another one if there is one.
///
/// Windows refuses this while another program has one of the two open, such as a scanner for viruses, which is soon
/// done. So it is tried for a second.
pub(super) fn rename(from: &Path, to: &Path) -> io::Result<()> {
    for _ in 0..50 {
        match std::fs::rename(from, to) {
            Err(error) if cfg!(windows) && (is_in_use(&error) || error.kind() == ErrorKind::PermissionDenied) => {
                std::thread::sleep(Duration::from_millis(20));
            }
            done => return done,
        }
    }
    Err(in_use())
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

/// Whether `path` names an open descriptor of this process, such as `/dev/stdout`, which may well be a regular file, or
/// what takes every byte on Windows.
fn is_descriptor(path: &Path) -> bool {
    if cfg!(windows) && path.as_os_str().eq_ignore_ascii_case("nul") {
        return true;
    }
    let parent = path.parent().unwrap_or(Path::new(""));
    matches!(path.to_str(), Some("/dev/stdout" | "/dev/stderr"))
        || [Path::new("/dev/fd"), Path::new("/proc/self/fd")].contains(&parent)
}
