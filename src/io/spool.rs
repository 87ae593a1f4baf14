//! Saves input that cannot be read by position to a temporary file without a name, which the system removes when it is
//! closed.

use super::file::Source;
use crate::error::{Error, Result};
use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

/// The environment variable that names the folder of temporary files.
const VARIABLE: &str = if cfg!(windows) { "TMP" } else { "TMPDIR" };

/// A temporary file being written.
pub(crate) struct Spool(BufWriter<File>);

impl Spool {
    pub(crate) fn new() -> Result<Self> {
        tempfile::tempfile().map(|file| Self(BufWriter::with_capacity(1 << 18, file))).map_err(failed)
    }

    pub(crate) fn floats(&mut self, values: &[f32]) -> Result<()> {
        values.iter().try_for_each(|value| self.0.write_all(&value.to_le_bytes())).map_err(failed)
    }

    /// Returns what was written; errors will call it the `format` file at `path`.
    pub(crate) fn finish(self, path: &Path, format: &'static str) -> Result<Source> {
        let file = self.0.into_inner().map_err(|error| failed(error.into_error()))?;
        Source::spooled(file, path, format)
    }
}

/// Saves the bytes of `from`, at most `most` of them.
pub(crate) fn save(from: impl Read, most: u64, path: &Path, format: &'static str) -> Result<Source> {
    let mut spool = Spool::new()?;
    let mut from = from.take(most);
    // Copying does not say which side failed; a full disk is the likely cause.
    io::copy(&mut from, &mut spool.0).map_err(failed)?;
    spool.finish(path, format)
}

/// Makes the error of saving, which names the folder, because it is often smaller than the disk of the input.
fn failed(error: io::Error) -> Error {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    let error = match error.kind() {
        StorageFull | QuotaExceeded => {
            let folder = std::env::temp_dir();
            let hint = format!("free some space there, or let the environment variable {VARIABLE} name another folder");
            io::Error::new(error.kind(), format!("{error}, in the folder {}; {hint}", folder.display()))
        }
        _ => error,
    };
    Error::io("saving the input to a temporary file", error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_named_with_a_way_out() {
        let error = failed(io::Error::from(io::ErrorKind::StorageFull)).to_string();
        let folder = std::env::temp_dir();
        assert!(error.contains(&format!("in the folder {}; free some space there", folder.display())), "{error}");
        assert!(error.contains(if cfg!(windows) { "variable TMP name" } else { "variable TMPDIR name" }), "{error}");
        let other = failed(io::Error::from(io::ErrorKind::BrokenPipe)).to_string();
        assert!(!other.contains("TMP"), "{other}");
    }
}
