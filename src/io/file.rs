//! Bytes that are read by position, in constant memory, such as those of a file. If a file shrinks meanwhile, reading
//! fails. Files are not mapped into memory for this reason: a process that touches what is no longer there is ended by
//! a signal. Buffers are used again, so what is copied stays in the cache.

use crate::error::{Error, Result};
use std::fmt;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes that can be read by their position, and do not change meanwhile.
///
/// Implemented for open files and for bytes in memory. Implement it for a storage of your own, and read embeddings from
/// it by [`Inputs::of_bytes`](super::Inputs::of_bytes).
///
/// ```
/// use semid::Rows;
/// use semid::io::{Inputs, ReadAt};
///
/// /// A .fvecs file of one row, whose bytes are computed.
/// #[derive(Debug)]
/// struct Computed;
///
/// impl ReadAt for Computed {
///     fn len(&self) -> u64 {
///         12
///     }
///     fn read_at(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
///         let bytes: Vec<u8> = vec![2, 0, 0, 0, 0, 0, 128, 63, 0, 0, 0, 64];
///         bytes.read_at(offset, out)
///     }
/// }
///
/// let rows = Inputs::of_bytes("one.fvecs", Computed, &Default::default())?;
/// let mut row = [0.0; 2];
/// rows.read(0, &mut row)?;
/// assert_eq!(row, [1.0, 2.0]);
/// # Ok::<(), semid::Error>(())
/// ```
pub trait ReadAt: fmt::Debug + Send + Sync {
    /// Returns the number of bytes.
    fn len(&self) -> u64;

    /// Whether there are no bytes.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Fills `out` with the bytes from `offset` on.
    ///
    /// # Errors
    /// [`io::ErrorKind::UnexpectedEof`] where the bytes end before; any other error of the storage.
    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()>;
}

impl ReadAt for File {
    /// Returns the length that the system states, or 0 where it states none.
    fn len(&self) -> u64 {
        self.metadata().map_or(0, |metadata| metadata.len())
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        read_exact_at(self, offset, out)
    }
}

impl ReadAt for &'static [u8] {
    fn len(&self) -> u64 {
        (**self).len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        copy(self, offset, out)
    }
}

impl ReadAt for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        copy(self, offset, out)
    }
}

fn copy(bytes: &[u8], offset: u64, out: &mut [u8]) -> io::Result<()> {
    let start = usize::try_from(offset).unwrap_or(usize::MAX);
    let found = bytes.get(start..start.saturating_add(out.len())).ok_or(io::ErrorKind::UnexpectedEof)?;
    out.copy_from_slice(found);
    Ok(())
}

/// Bytes of a known number, with the path and the format that errors name.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    bytes: Arc<dyn ReadAt>,
    path: PathBuf,
    /// Byte of the file at which this source begins.
    start: u64,
    len: u64,
    format: &'static str,
}

impl Source {
    /// Opens `path`, which errors will call a `format` file.
    pub(crate) fn open(path: &Path, format: &'static str) -> Result<Self> {
        let at = |error: io::Error| Error::io("opening", error).at(path);
        // The type is asked before opening, because opening a pipe would wait for its other end.
        let metadata = std::fs::metadata(path).map_err(at)?;
        if !metadata.is_file() {
            let reason = "not a regular file; it is read by position, so save it to disk first";
            return Err(at(io::Error::new(io::ErrorKind::InvalidInput, reason)));
        }
        let file = File::open(path).map_err(at)?;
        let len = file.metadata().map_err(at)?.len();
        Ok(Self { bytes: Arc::new(file), path: path.to_owned(), start: 0, len, format })
    }

    /// Makes a source of `bytes`; errors will call it the `format` file at `path`.
    pub(crate) fn of(bytes: impl ReadAt + 'static, path: &Path, format: &'static str) -> Self {
        Self { start: 0, len: bytes.len(), bytes: Arc::new(bytes), path: path.to_owned(), format }
    }

    /// Makes a source of what was written to `file`; errors will call it the `format` file at `path`.
    pub(crate) fn spooled(file: File, path: &Path, format: &'static str) -> Result<Self> {
        let len = file.metadata().map_err(|error| Error::io("reading", error).at(path))?.len();
        Ok(Self { bytes: Arc::new(file), path: path.to_owned(), start: 0, len, format })
    }

    /// Takes the `len` bytes from `start` on as a file of the format `format`.
    #[cfg(feature = "npz")]
    pub(crate) fn part(self, start: u64, len: u64, format: &'static str) -> Result<Self> {
        match start.checked_add(len).filter(|end| *end <= self.len) {
            Some(_) => Ok(Self { start: self.start + start, len, format, ..self }),
            None => Err(self.error(format!("its {len} bytes from byte {start} on lie outside of it"))),
        }
    }

    /// Makes errors call the file a `format` file.
    pub(crate) fn named(self, format: &'static str) -> Self {
        Self { format, ..self }
    }

    /// Returns a reader that begins at the start.
    pub(crate) fn reader(&self) -> SourceReader<'_> {
        SourceReader { source: self, at: 0 }
    }

    /// Returns the length of the file when it was opened.
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    /// Returns the path that errors name.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Fills `out` with the bytes from `offset` on.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        self.bytes.read_at(self.start.saturating_add(offset), out).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => self.error(format!(
                "it ends before byte {}: it is truncated or still being written",
                offset.saturating_add(out.len() as u64)
            )),
            _ => Error::io("reading", error).at(&self.path),
        })
    }

    /// Makes a format error with the path of this file.
    pub(crate) fn error(&self, reason: impl Into<String>) -> Error {
        Error::format(self.format, reason).at(&self.path)
    }
}

/// A reader of a source, from front to back unless it seeks.
#[derive(Clone, Debug)]
pub(crate) struct SourceReader<'a> {
    source: &'a Source,
    at: u64,
}

impl Read for SourceReader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.source.len().saturating_sub(self.at)).unwrap_or(usize::MAX);
        let (out, _) = out.split_at_mut(out.len().min(left));
        self.source.read(self.at, out).map_err(io::Error::other)?;
        self.at += out.len() as u64;
        Ok(out.len())
    }
}

impl Seek for SourceReader<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}

/// Names the format of a file that begins with `start`, if it is a known one, for errors about files of another format
/// than expected.
pub(crate) fn format_of(start: &[u8]) -> Option<&'static str> {
    let known: [(&[u8], &str); 5] = [
        (b"\x93NUMPY", "a .npy file"),
        (b"PAR1", "a .parquet file"),
        (b"SQLite format 3\0", "a database"),
        (b"PK\x03\x04", "a .npz file or another archive"),
        (b"<!DOCTYPE html", "a web page"),
    ];
    known.into_iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| name)
}

#[cfg(unix)]
fn read_exact_at(file: &File, offset: u64, out: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

#[cfg(windows)]
fn read_exact_at(file: &File, mut offset: u64, mut out: &mut [u8]) -> io::Result<()> {
    use std::os::windows::fs::FileExt;
    while !out.is_empty() {
        match file.seek_read(out, offset) {
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => {
                offset += count as u64;
                out = out.get_mut(count..).unwrap_or_default();
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Files of other systems are not read by position.
#[cfg(not(any(unix, windows)))]
fn read_exact_at(_: &File, _: u64, _: &mut [u8]) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;

    #[test]
    fn bytes_in_memory_end_where_they_end() {
        let bytes = vec![1_u8, 2, 3, 4];
        let mut out = [0; 2];
        bytes.read_at(2, &mut out).unwrap();
        assert_eq!(out, [3, 4]);
        for offset in [3, 4, 5, u64::MAX] {
            let error = bytes.read_at(offset, &mut out).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        }
        bytes.read_at(4, &mut []).unwrap();
    }

    #[test]
    fn a_file_that_shrinks_after_opening_is_an_error() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.npy");
        std::fs::write(&path, [7; 100]).unwrap();
        let source = Source::open(&path, "npy").unwrap();
        let mut out = [0; 50];
        source.read(50, &mut out).unwrap();
        assert_eq!(out, [7; 50]);

        std::fs::write(&path, [7; 80]).unwrap();
        let error = source.read(50, &mut out).unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Format { format: "npy", .. }), "{error}");
        assert_eq!(error.path(), Some(path.as_path()));
    }

    #[test]
    fn files_are_known_by_their_first_bytes() {
        assert_eq!(format_of(b"\x93NUMPY\x01\0"), Some("a .npy file"));
        assert_eq!(format_of(b"SQLite format 3\0...."), Some("a database"));
        assert_eq!(format_of(b"\x93NUMP"), None);
    }

    #[test]
    fn folders_and_missing_files_are_io_errors_with_the_path() {
        let dir = tempfile::tempdir().unwrap();
        for path in [dir.path().to_owned(), dir.path().join("missing.npy")] {
            let error = Source::open(&path, "npy").unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Io { .. }), "{error}");
            assert_eq!(error.path(), Some(path.as_path()));
        }
    }
}
