//! The file of a sweep, which gets one line after the other and keeps them.

use super::checksum;
use super::record::{CHECKED, FORMAT, LEGACY, SweepRecord};
use crate::error::{Error, ErrorKind, Result};
use crate::io::AtomicFile;
use same_file::Handle;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// The beginning of every line. If the end of a file begins otherwise, it is no unfinished line of a sweep.
const BEGINNING: &[u8] = b"{\"format\":";

/// The finished runs in a file, which this process locks against others.
pub(super) struct SweepFile {
    path: PathBuf,
    file: File,
    /// The path of the file, if this sweep created it.
    made: Option<PathBuf>,
    /// Number of bytes of the finished lines.
    len: u64,
    pub(super) records: Vec<SweepRecord>,
}

impl SweepRecord {
    /// Reads the finished runs from the file of a sweep.
    ///
    /// # Errors
    /// [`ErrorKind::Io`] and [`ErrorKind::Format`], with the path.
    pub fn read(path: impl AsRef<Path>) -> Result<Vec<Self>> {
        let path = path.as_ref();
        let bytes = std::fs::read(path).map_err(|error| Error::io("reading", error).at(path))?;
        Ok(parse(&bytes).map_err(|error| error.at(path))?.0)
    }
}

impl SweepFile {
    /// Opens or creates the file and locks it; its contents stay as they are.
    pub(super) fn open(path: &Path) -> Result<Self> {
        AtomicFile::check_permissions(path)?;
        loop {
            let missing = !path.exists();
            let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
            let file = file.map_err(|error| Error::io("opening", error).at(path))?;
            lock(&file).map_err(|error| error.at(path))?;
            // Another process may have created this file and removed it before it was locked here, and a third may have
            // created another one since.
            if is_at(&file, path) {
                let made = missing.then(|| path.canonicalize().unwrap_or_else(|_| path.to_owned()));
                let mut sweep = Self { path: path.to_owned(), file, made, len: 0, records: Vec::new() };
                sweep.read().map_err(|error| error.at(path))?;
                return Ok(sweep);
            }
        }
    }

    fn read(&mut self) -> Result<()> {
        let broken = |error| Error::io("reading", error);
        if !self.file.metadata().map_err(broken)?.is_file() {
            return Err(Error::format("sweep", "it is no regular file; a sweep reads its file to go on"));
        }
        let mut bytes = Vec::new();
        self.file.read_to_end(&mut bytes).map_err(broken)?;
        let (records, len) = parse(&bytes)?;
        (self.records, self.len) = (records, len as u64);
        Ok(())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a finished run after the finished lines, over an unfinished one if there is any, and flushes it to disk.
    pub(super) fn append(&mut self, record: SweepRecord) -> Result<()> {
        let mut line = serde_json::to_vec(&record).map_err(|error| Error::format("sweep", error.to_string()))?;
        checksum::append(&mut line);
        line.push(b'\n');
        let written = self.write(&line);
        written.map_err(|error| error.at(&self.path))?;
        self.len += line.len() as u64;
        self.records.push(record);
        Ok(())
    }

    /// Returns all finished runs and keeps the file.
    pub(super) fn finish(mut self) -> Vec<SweepRecord> {
        self.made = None;
        std::mem::take(&mut self.records)
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        let broken = |error| Error::io("writing", error);
        let file = &mut self.file;
        file.set_len(self.len).map_err(broken)?;
        file.seek(SeekFrom::Start(self.len)).map_err(broken)?;
        file.write_all(line).and_then(|()| file.sync_data()).map_err(broken)
    }
}

impl Drop for SweepFile {
    /// Removes a file that this sweep created if the sweep failed before its first run was finished.
    fn drop(&mut self) {
        if let Some(path) = self.made.take().filter(|_| self.records.is_empty()) {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// Whether the path leads to this open file.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let open = file.try_clone().and_then(Handle::from_file);
    matches!((open, Handle::from_path(path)), (Ok(open), Ok(there)) if open == there)
}

/// Keeps other processes from writing, except on a file system without locks.
fn lock(file: &File) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::Busy.into()),
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
            Err(Error::io("locking", error))
        }
        _ => Ok(()),
    }
}

/// Reads the records of the whole lines, and counts the bytes of these lines.
fn parse(bytes: &[u8]) -> Result<(Vec<SweepRecord>, usize)> {
    let len = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
    let (whole, half) = bytes.split_at(len);
    let lines = whole.split_inclusive(|byte| *byte == b'\n').enumerate();
    let records = lines.map(|(i, line)| record(i + 1, line)).collect::<Result<Vec<_>>>()?;
    let ours = half.iter().zip(BEGINNING).all(|(found, expected)| found == expected);
    match ours {
        true => Ok((records, len)),
        false => Err(not_ours(records.len() + 1, "it is no line of a sweep")),
    }
}

fn record(line: usize, bytes: &[u8]) -> Result<SweepRecord> {
    let checked = checksum::check(bytes.strip_suffix(b"\n").unwrap_or(bytes));
    let record: SweepRecord = match serde_json::from_slice(bytes) {
        Ok(record) => record,
        // A line that has a checksum is one of ours.
        Err(_) if checked == Some(false) => return Err(changed(line)),
        Err(error) => return Err(not_ours(line, &error.to_string())),
    };
    match (record.format, checked) {
        (LEGACY..=FORMAT, Some(true)) | (LEGACY..CHECKED, None) => Ok(record),
        (LEGACY..=FORMAT, _) => Err(changed(line)),
        (found, _) => Err(not_ours(line, &format!("it has format {found}, this semid knows {LEGACY} to {FORMAT}"))),
    }
}

/// Makes the error about a line that was changed after it was written.
fn changed(line: usize) -> Error {
    let reason = "does not match its checksum, it was changed or damaged; restore it from a copy, or remove it and all \
                  lines after it to have these runs again";
    Error::format("sweep", format!("line {line} {reason}"))
}

fn not_ours(line: usize, reason: &str) -> Error {
    Error::format("sweep", format!("line {line}: {reason}; give another file"))
}
