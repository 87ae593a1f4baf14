//! The file of a sweep: lines that stay, and one more at a time.

use super::record::{FORMAT, SweepRecord};
use crate::error::{Error, ErrorKind, Result};
use crate::io::AtomicFile;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// How every line begins; what else stands at the end of a file is not half a line of ours.
const BEGINNING: &[u8] = b"{\"format\":";

/// Finished runs in a file, which is locked against other processes; it is made with the first one.
pub(super) struct SweepFile {
    path: PathBuf,
    file: Option<File>,
    /// Bytes of the finished lines.
    len: u64,
    pub(super) records: Vec<SweepRecord>,
}

impl SweepRecord {
    /// The finished runs in the file of a sweep.
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
    /// Opens and locks the file where there is one; it is not changed.
    pub(super) fn open(path: &Path) -> Result<Self> {
        let mut sweep = Self { path: path.to_owned(), file: None, len: 0, records: Vec::new() };
        match OpenOptions::new().read(true).write(true).open(path) {
            Ok(file) => sweep.take(file).map_err(|error| error.at(path))?,
            // That it could be made is better found out now than after a long fit.
            Err(error) if error.kind() == io::ErrorKind::NotFound => drop(AtomicFile::create(path)?),
            Err(error) => return Err(Error::io("opening", error).at(path)),
        }
        Ok(sweep)
    }

    fn take(&mut self, mut file: File) -> Result<()> {
        let broken = |error| Error::io("reading", error);
        if !file.metadata().map_err(broken)?.is_file() {
            return Err(Error::format("sweep", "it is no regular file; a sweep reads its file to go on"));
        }
        lock(&file)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(broken)?;
        let (records, len) = parse(&bytes)?;
        (self.records, self.len, self.file) = (records, len as u64, Some(file));
        Ok(())
    }

    /// Writes a finished run in place of half a line, to disk.
    pub(super) fn append(&mut self, record: SweepRecord) -> Result<()> {
        let mut line = serde_json::to_vec(&record).map_err(|error| Error::format("sweep", error.to_string()))?;
        line.push(b'\n');
        let written = self.write(&line);
        written.map_err(|error| error.at(&self.path))?;
        self.len += line.len() as u64;
        self.records.push(record);
        Ok(())
    }

    fn write(&mut self, line: &[u8]) -> Result<()> {
        let broken = |error| Error::io("writing", error);
        let file = match &mut self.file {
            Some(file) => file,
            None => {
                let new = OpenOptions::new().read(true).write(true).create_new(true).open(&self.path);
                let new = new.map_err(|error| match error.kind() {
                    io::ErrorKind::AlreadyExists => ErrorKind::Busy.into(),
                    _ => broken(error),
                })?;
                lock(&new)?;
                self.file.insert(new)
            }
        };
        file.set_len(self.len).map_err(broken)?;
        file.seek(SeekFrom::Start(self.len)).map_err(broken)?;
        file.write_all(line).and_then(|()| file.sync_data()).map_err(broken)
    }
}

/// Keeps other processes from writing; a file system that knows no locks has none.
fn lock(file: &File) -> Result<()> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(ErrorKind::Busy.into()),
        Err(TryLockError::Error(error)) if error.kind() != io::ErrorKind::Unsupported => {
            Err(Error::io("locking", error))
        }
        _ => Ok(()),
    }
}

/// The records of whole lines, and the bytes that these take.
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
    let record: SweepRecord = serde_json::from_slice(bytes).map_err(|error| not_ours(line, &error.to_string()))?;
    match record.format {
        FORMAT => Ok(record),
        found => Err(not_ours(line, &format!("it has format {found}, this semid writes {FORMAT}"))),
    }
}

fn not_ours(line: usize, reason: &str) -> Error {
    Error::format("sweep", format!("line {line}: {reason}; give another file"))
}
