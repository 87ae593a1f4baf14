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
    kept(text(path)?.lines())
}

/// Reads a text file in UTF-8, or in UTF-16 after its mark, which shells of Windows write.
pub(crate) fn text(path: &Path) -> Result<String, Failure> {
    let failed = |reason: String| Failure::Error(format!("{}: reading failed: {reason}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| failed(error.to_string()))?;
    decoded(bytes).ok_or_else(|| failed("it is no text in UTF-8".to_owned()))
}

/// Decodes a text, without the mark that it may begin with.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (units, rest) = bytes.as_chunks();
        rest.is_empty().then(|| String::from_utf16(&units.iter().copied().map(unit).collect::<Vec<_>>()).ok())?
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
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

#[cfg(test)]
mod tests {
    use super::decoded;

    #[test]
    fn texts_may_begin_with_a_mark_of_their_encoding() {
        let text = "item é\r\n\u{1f600}\n";
        let wide = |unit: fn(u16) -> [u8; 2]| ["\u{feff}", text].concat().encode_utf16().flat_map(unit).collect();
        let marked = ["\u{feff}", text].concat().into_bytes();
        for bytes in [text.into(), marked, wide(u16::to_le_bytes), wide(u16::to_be_bytes)] {
            assert_eq!(decoded(bytes.clone()).as_deref(), Some(text), "{bytes:?}");
        }
        assert_eq!(decoded(Vec::new()).as_deref(), Some(""));
        for damaged in [&b"a\xff"[..], b"\xff\xfea", b"\xff\xfe\x00\xd8", b"\xef\xbb\xbf\xff"] {
            assert_eq!(decoded(damaged.to_vec()), None, "{damaged:?}");
        }
    }
}
