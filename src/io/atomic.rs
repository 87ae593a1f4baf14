//! Files that appear under their name only when they are complete and on disk.

use crate::error::{Error, Result};
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// Bytes gathered before they go to the file.
const BUFFER: usize = 1 << 18;

/// A file being written beside its final place, which it takes at once in [`commit`](AtomicFile::commit).
///
/// Dropped without that, it leaves nothing behind and a former file of the name as it was. What is not a regular file,
/// such as a pipe or `/dev/null`, is written directly.
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
    /// Replaces the file at the path, which is no link.
    Replace(NamedTempFile, PathBuf),
    Direct(File),
}

impl AtomicFile {
    /// Begins to write what will be at `path`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io), also where the folder cannot be written to.
    pub fn create(path: &Path) -> Result<Self> {
        let out = Out::create(path).map_err(|error| Error::io("creating", error).at(path))?;
        Ok(Self { path: path.to_owned(), out: BufWriter::with_capacity(BUFFER, out) })
    }

    /// Puts the file in its place, once its bytes are on disk.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); nothing has changed at the path then.
    pub fn commit(self) -> Result<()> {
        let Self { path, out } = self;
        let saved = out.into_inner().map_err(|error| error.into_error()).and_then(Out::commit);
        saved.map_err(|error| Error::io("writing", error).at(path))
    }

    /// [`Write::write_all`] with the error of this crate.
    pub(crate) fn put(&mut self, bytes: &[u8]) -> Result<()> {
        self.write_all(bytes).map_err(|error| self.error(error))
    }

    /// An error met while writing, with the place.
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
        let existing = match std::fs::metadata(path) {
            Ok(metadata) => Some(metadata),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(error),
        };
        if existing.as_ref().is_some_and(|existing| !existing.is_file()) || is_descriptor(path) {
            return OpenOptions::new().append(true).open(path).map(Out::Direct);
        }
        // A link stays, and what it points to is replaced.
        let path = if existing.is_some() { path.canonicalize()? } else { path.to_owned() };
        let mut builder = tempfile::Builder::new();
        builder.prefix(".semid-");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let file = builder.tempfile_in(folder(&path))?;
        if let Some(existing) = existing {
            file.as_file().set_permissions(existing.permissions())?;
        }
        Ok(Out::Replace(file, path))
    }

    fn commit(self) -> io::Result<()> {
        match self {
            Out::Direct(mut file) => file.flush(),
            Out::Replace(file, path) => {
                file.as_file().sync_all()?;
                file.persist(&path).map_err(|error| error.error)?;
                sync_folder(folder(&path))
            }
        }
    }
}

impl Write for Out {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Out::Replace(file, _) => file.write(bytes),
            Out::Direct(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Out::Replace(file, _) => file.flush(),
            Out::Direct(file) => file.flush(),
        }
    }
}

/// Whether `path` names an open descriptor of this process, such as `/dev/stdout`, which may well be a regular file.
fn is_descriptor(path: &Path) -> bool {
    let parent = path.parent().unwrap_or(Path::new(""));
    matches!(path.to_str(), Some("/dev/stdout" | "/dev/stderr"))
        || [Path::new("/dev/fd"), Path::new("/proc/self/fd")].contains(&parent)
}

fn folder(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Makes the new name in `folder` outlive a power failure.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
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
}
