//! Reads text files that have a line for every row.

use crate::output::Failure;
use semid::ErrorKind;
use std::path::Path;

/// What errors call the keys of items.
pub(crate) const KEYS: &str = "item keys";

/// Reads the item keys in a text file, one per line.
pub(crate) fn keys(path: &Path) -> Result<Vec<String>, Failure> {
    let keys = lines(path)?;
    match keys.iter().position(String::is_empty) {
        Some(empty) => {
            let (path, line) = (path.display(), empty + 1);
            Err(Failure::Error(format!("{path}: line {line} is empty, but every item needs a key")))
        }
        None => Ok(keys),
    }
}

/// Reads the lines of a text file; an empty line counts too.
pub(crate) fn lines(path: &Path) -> Result<Vec<String>, Failure> {
    let failed = |error| Failure::Error(format!("{}: reading failed: {error}", path.display()));
    let text = std::fs::read_to_string(path).map_err(failed)?;
    kept(text.strip_prefix('\u{feff}').unwrap_or(&text).lines())
}

/// Returns a text as a field of csv.
pub(crate) fn csv(text: &str) -> String {
    match text.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", text.replace('"', "\"\"")),
        false => text.to_owned(),
    }
}

/// Keeps all texts in memory; returns an error if there is too little.
pub(crate) fn kept(texts: impl Iterator<Item = impl AsRef<str>>) -> Result<Vec<String>, Failure> {
    let mut all: Vec<String> = Vec::new();
    let mut bytes = 0;
    for text in texts {
        let mut copy = String::new();
        bytes += size_of::<String>() + text.as_ref().len();
        let room = copy.try_reserve_exact(text.as_ref().len()).and_then(|()| all.try_reserve(1));
        if room.is_err() {
            // Many small texts leave no room for the error either.
            drop(all);
            let what = "the texts of items".to_owned();
            return Err(semid::Error::from(ErrorKind::OutOfMemory { what, bytes: bytes as u64 }).into());
        }
        copy.push_str(text.as_ref());
        all.push(copy);
    }
    Ok(all)
}
