//! The temporary files that outputs are written to, and how they are removed.
//!
//! A file is removed when it is dropped, and by [`remove_unfinished`] where a process ends at once. A process that is
//! killed can do neither. So, on Linux, a process locks its files, and a process that begins to write to a folder
//! removes the files there whose locks nobody holds any more. The name of a file says on which start of which machine
//! it was made, because processes on one machine may not see the locks of another machine that shares the folder.

use super::place::rename;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, TryLockError};
use std::time::Duration;
use tempfile::NamedTempFile;

const PREFIX: &str = ".semid-";

/// What the name of a file ends with: an unfinished database has files of its own beside it.
const SUFFIXES: [&str; 4] = ["", "-journal", "-wal", "-shm"];
type TemporaryNames = [PathBuf; SUFFIXES.len()];

/// The temporary files of this process.
static LIVE: Mutex<Vec<TemporaryNames>> = Mutex::new(Vec::new());

/// How often [`remove_unfinished`] looks whether it gets the list, a millisecond apart.
const LOOKS: usize = 100;

/// Removes the temporary files of all outputs that this process is writing.
///
/// A program calls this before it ends without dropping its values, for instance on a signal. Outputs that are still
/// being written fail afterwards.
///
/// It neither takes nor frees memory, unless a path has hundreds of bytes, and waits for no other thread longer than a
/// fraction of a second, so a program without memory may call it too, and a signal handler.
pub fn remove_unfinished() {
    // Others hold the list for a moment, unless they find no memory while they do, and that may be this very thread.
    let list = (0..LOOKS).find_map(|_| match LIVE.try_lock() {
        Ok(list) => Some(list),
        Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
        Err(TryLockError::WouldBlock) => {
            std::thread::sleep(Duration::from_millis(1));
            None
        }
    });
    for names in list.iter().flat_map(|list| list.iter()) {
        for name in names {
            let _ = std::fs::remove_file(name);
        }
    }
}

/// A file that is removed unless it is given its final name.
#[derive(Debug)]
pub(super) struct Temporary {
    file: NamedTempFile,
    _live: Live,
}

/// The entry of a file in the list of this process's files.
#[derive(Debug)]
struct Live(PathBuf);

impl Live {
    fn new(path: &Path) -> Self {
        let names = SUFFIXES.map(|suffix| {
            let mut name = path.as_os_str().to_owned();
            name.push(suffix);
            name.into()
        });
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).push(names);
        Self(path.to_owned())
    }
}

impl Drop for Live {
    fn drop(&mut self) {
        LIVE.lock().unwrap_or_else(PoisonError::into_inner).retain(|[path, ..]| *path != self.0);
    }
}

impl Temporary {
    /// Creates a file in `folder` with the permissions and the owner of the `former` file, if there is one.
    pub(super) fn create(folder: &Path, former: Option<&Metadata>) -> io::Result<Self> {
        let prefix = format!("{PREFIX}{}-", owner::boot());
        owner::clean(folder, &prefix);
        let mut builder = tempfile::Builder::new();
        builder.prefix(&prefix);
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = loop {
            let file = builder.tempfile_in(folder).map_err(|error| in_folder(folder, &error))?;
            if owner::hold(file.as_file(), file.path())? {
                break file;
            }
        };
        let live = Live::new(file.path());
        if let Some(former) = former {
            owner::give(file.as_file(), former)?;
            file.as_file().set_permissions(former.permissions())?;
        }
        Ok(Self { file, _live: live })
    }

    pub(super) fn file(&self) -> &File {
        self.file.as_file()
    }

    #[cfg(feature = "sqlite")]
    pub(super) fn path(&self) -> &Path {
        self.file.path()
    }

    /// Gives the file its final name.
    pub(super) fn persist(self, path: &Path) -> io::Result<()> {
        // The handle stays open meanwhile.
        let (_file, temporary) = self.file.keep().map_err(|error| error.error)?;
        rename(&temporary, path).inspect_err(|_| {
            let _ = std::fs::remove_file(&temporary);
        })
    }
}

/// Says in which folder no file could be made, where the error names the temporary file, which nobody asked for.
fn in_folder(folder: &Path, error: &io::Error) -> io::Error {
    let kind = error.kind();
    let folder = folder.display();
    let reason = match kind {
        io::ErrorKind::NotFound => format!("there is no folder {folder}"),
        _ => format!("no file can be made in the folder {folder}: {kind}"),
    };
    io::Error::new(kind, reason)
}

#[cfg(target_os = "linux")]
mod owner {
    use super::PREFIX;
    use std::fs::{File, Metadata, TryLockError};
    use std::io;
    use std::os::unix::fs::{MetadataExt, fchown};
    use std::path::{Path, PathBuf};
    use std::sync::{Mutex, PoisonError};

    /// Folders that this process has searched.
    static CLEANED: Mutex<Vec<PathBuf>> = Mutex::new(Vec::new());

    /// Returns eight hexadecimal digits that name this start of the machine.
    pub(super) fn boot() -> String {
        let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
        id.chars().filter(char::is_ascii_hexdigit).take(8).collect()
    }

    /// Locks a new file; returns `false` if a process that cleans up was faster and removes the file.
    pub(super) fn hold(file: &File, path: &Path) -> io::Result<bool> {
        match file.try_lock() {
            Ok(()) => Ok(is_at(file, path)),
            Err(TryLockError::WouldBlock) => Ok(false),
            // On a file system without locks, nobody cleans up either.
            Err(TryLockError::Error(_)) => Ok(true),
        }
    }

    fn is_at(file: &File, path: &Path) -> bool {
        let place = |metadata: Metadata| (metadata.dev(), metadata.ino());
        let (open, named) = (file.metadata().map(place), std::fs::symlink_metadata(path).map(place));
        matches!((open, named), (Ok(open), Ok(named)) if open == named)
    }

    /// Removes the files that killed processes left in `folder`, when this process writes there for the first time.
    pub(super) fn clean(folder: &Path, prefix: &str) {
        let mut cleaned = CLEANED.lock().unwrap_or_else(PoisonError::into_inner);
        if cleaned.iter().any(|known| known == folder) {
            return;
        }
        cleaned.push(folder.to_owned());
        drop(cleaned);
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let name = entry.file_name();
            match name.to_str() {
                Some(name) if name.starts_with(prefix) => remove_abandoned(&entry.path()),
                Some(name) if name.starts_with(PREFIX) => tracing::warn!(
                    "{}: was left by a process that was killed, or is being written by another machine",
                    entry.path().display()
                ),
                _ => {}
            }
        }
    }

    fn remove_abandoned(path: &Path) {
        let is_file = std::fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file());
        let Some(file) = is_file.then(|| File::open(path).ok()).flatten() else { return };
        if file.try_lock().is_ok() && is_at(&file, path) && std::fs::remove_file(path).is_ok() {
            tracing::info!("{}: removed, its process was killed", path.display());
        }
    }

    /// Gives `file` the owner of the `former` one.
    pub(super) fn give(file: &File, former: &Metadata) -> io::Result<()> {
        let own = file.metadata()?;
        // This process may not be a member of the group; the owner matters more.
        if own.gid() != former.gid() {
            let _ = fchown(file, None, Some(former.gid()));
        }
        if own.uid() == former.uid() {
            return Ok(());
        }
        fchown(file, Some(former.uid()), None).map_err(|_| {
            let reason = format!("the file there belongs to user {}", former.uid());
            io::Error::new(io::ErrorKind::PermissionDenied, format!("{reason}; delete it, or name another file"))
        })
    }
}

#[cfg(not(target_os = "linux"))]
mod owner {
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    pub(super) fn boot() -> String {
        String::new()
    }

    pub(super) fn hold(_file: &File, _path: &Path) -> io::Result<bool> {
        Ok(true)
    }

    pub(super) fn clean(_folder: &Path, _prefix: &str) {}

    pub(super) fn give(_file: &File, _former: &Metadata) -> io::Result<()> {
        Ok(())
    }
}
