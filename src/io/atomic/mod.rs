//! Files that appear under their name only when they are complete and on disk.

mod place;
mod temporary;
#[cfg(test)]
mod tests;

use crate::error::{Error, Result};
use place::Destination;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use temporary::Temporary;

pub use temporary::remove_unfinished;

/// Number of bytes that are gathered before they go to the file.
const BUFFER: usize = 1 << 18;

/// A file that is written beside its final place and moved there as a whole by [`commit`](AtomicFile::commit).
///
/// If it is dropped before that, it leaves nothing behind, and a former file of that name stays as it was. A link
/// stays, and the file that it leads to is written, whether that file exists or not. A pipe, or another thing that is
/// no regular file, such as `/dev/null`, is written directly. A file that is write-protected, or whose owner would
/// change, is not replaced.
///
/// Before the commit, the bytes are in a file in the same folder, whose name begins with `.semid-`. A process that is
/// killed leaves this file there; on Linux, the next process of this machine that writes to the folder removes it.
///
/// ```
/// use semid::io::AtomicFile;
/// use std::io::Write;
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("notes.txt");
/// let mut file = AtomicFile::create(&path)?;
/// file.write_all(b"complete or not at all")?;
/// assert!(!path.exists());
/// file.commit()?;
/// assert_eq!(std::fs::read(&path)?, b"complete or not at all");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct AtomicFile {
    path: PathBuf,
    out: BufWriter<Out>,
}

#[derive(Debug)]
enum Out {
    /// A temporary file that will replace the file at the path, which is no link.
    Replace(Temporary, PathBuf),
    Direct(File),
}

impl AtomicFile {
    /// Begins to write the file that will be at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), also where the folder cannot be written to, and where the file at
    /// `path` must not be replaced.
    pub fn create(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let out = Out::create(path).map_err(|error| Error::io("creating", error).at(path))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(BUFFER, out) })
    }

    /// Tells, before long work, whether [`create`](AtomicFile::create) would succeed.
    ///
    /// It opens only regular files: the reader of a pipe would take an opening and closing for the end of the output.
    ///
    /// # Errors
    /// Those of [`create`](AtomicFile::create).
    pub fn check(path: impl AsRef<Path>) -> Result<()> {
        let path = path.as_ref();
        let checked = Destination::of(path).and_then(|place| match place {
            Destination::Direct => Ok(()),
            Destination::File(path, former) => Temporary::create(folder(&path), former.as_ref()).map(drop),
        });
        checked.map_err(|error| Error::io("creating", error).at(path))
    }

    /// Refuses a file at `path` that is write-protected by its permissions, for writers that write in place.
    pub(crate) fn check_permissions(path: &Path) -> Result<()> {
        let checked = std::fs::metadata(path).map_or(Ok(()), |former| place::check_permissions(&former));
        checked.map_err(|error| Error::io("opening", error).at(path))
    }

    /// Puts the file in its place, once its bytes are on disk.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); the path then holds its former file, or all of the new one if only the
    /// synchronization of the folder failed.
    pub fn commit(self) -> Result<()> {
        let Self { path, out } = self;
        let saved = out.into_inner().map_err(|error| error.into_error()).and_then(Out::commit);
        saved.map_err(|error| Error::io("writing", error).at(path))
    }

    /// Returns the path of the temporary file, for writers that need a name; none where the output is written directly.
    #[cfg(feature = "sqlite")]
    pub(crate) fn temporary_path(&self) -> Option<&Path> {
        match self.out.get_ref() {
            Out::Replace(file, _) => Some(file.path()),
            Out::Direct(_) => None,
        }
    }

    /// Writes all bytes, as [`Write::write_all`] does, with an error that names the path.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io).
    pub fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|error| self.error(error))
    }

    /// Makes the error of a write that failed, with the path.
    pub(crate) fn error(&self, error: io::Error) -> Error {
        Error::io("writing", error).at(&self.path)
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.out.write(bytes)
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

impl Out {
    fn create(path: &Path) -> io::Result<Self> {
        match Destination::of(path)? {
            Destination::Direct => OpenOptions::new().append(true).open(path).map(Out::Direct),
            Destination::File(path, former) => {
                Ok(Out::Replace(Temporary::create(folder(&path), former.as_ref())?, path))
            }
        }
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Out::Direct(mut file) => file.flush(),
            Out::Replace(file, path) => {
                file.file().sync_all()?;
                file.persist(&path)?;
                sync_folder(folder(&path))
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Replace(file, _) => file.file().write(bytes),
            Out::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Replace(file, _) => file.file().flush(),
            Out::Direct(file) => file.flush(),
        }
    }
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes sure that the new name in `folder` survives a power failure.
///
/// The file is in place by now, so it is no failure if the folder cannot be synchronized: it may be unreadable, or its
/// file system may not support this.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if !matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => Err(error),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}
