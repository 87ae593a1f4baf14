//! The header of an npy file: magic, version, length, and a Python dict literal.

use super::dict::{Descr, Dict};
use crate::error::{Result, counted};
use crate::io::dense::data_len;
use crate::io::file::{Source, format_of};

const MAGIC: &[u8; 6] = b"\x93NUMPY";

/// Longest header that is read; a header of two dimensions takes about 60 bytes.
const MAX_HEADER: usize = 1 << 16;

/// The header of an array with two dimensions, checked against the length of the file.
#[derive(Debug)]
pub(crate) struct Header {
    pub(crate) descr: Descr,
    /// Whether the values stand column by column, in Fortran order.
    pub(crate) by_columns: bool,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Byte at which the values begin.
    pub(crate) start: u64,
}

impl Header {
    pub(crate) fn read(source: &Source) -> Result<Self> {
        let (start, text) = read_text(source)?;
        let dict = Dict::parse(&text).map_err(|reason| source.error(format!("its header has {reason}")))?;
        let [rows, columns] = dict.shape[..] else {
            let hint = if dict.shape.len() == 1 { "; save `x.reshape(-1, columns)` instead" } else { "" };
            return Err(source.error(format!("it has {}, not 2{hint}", counted(dict.shape.len(), "dimension"))));
        };
        let found = source.len() - start;
        match data_len(rows, columns, dict.descr.size) {
            Some(expected) if expected == found => {
                Ok(Self { descr: dict.descr, by_columns: dict.fortran_order, rows, columns, start })
            }
            Some(expected) => Err(source.error(format!(
                "shape ({rows}, {columns}) needs {expected} bytes of data, the file has {found}: it is {}",
                if found < expected { "truncated" } else { "damaged" }
            ))),
            None => Err(source.error(format!("shape ({rows}, {columns}) is larger than any file"))),
        }
    }
}

/// Reads the text of the header; returns it after the place of the byte that follows it.
fn read_text(source: &Source) -> Result<(u64, Vec<u8>)> {
    let mut fixed = [0; 8];
    source.read(0, &mut fixed)?;
    let [magic @ .., major, _minor] = fixed;
    if magic != *MAGIC {
        let found = format_of(&fixed).map_or_else(String::new, |found| format!(": it is {found}"));
        return Err(source.error(format!("it does not begin with the magic bytes of numpy{found}")));
    }
    let mut len = [0; 4];
    let width = match major {
        1 => 2,
        2 | 3 => 4,
        _ => return Err(source.error(format!("it has format version {major}; 1 to 3 are supported"))),
    };
    source.read(8, &mut len[..width])?;
    let len = u32::from_le_bytes(len) as usize;
    let begin = 8 + width as u64;
    let end = begin + len as u64;
    if len > MAX_HEADER || end > source.len() {
        return Err(source.error(format!("its header claims {len} bytes, more than the file or {MAX_HEADER} bytes")));
    }
    let mut text = vec![0; len];
    source.read(begin, &mut text)?;
    Ok((end, text))
}

/// Writes a header of version 1.0, byte for byte as numpy does for two dimensions.
pub(crate) fn write(descr: &str, rows: usize, columns: usize) -> Vec<u8> {
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({rows}, {columns}), }}");
    // 10 bytes, 117 bytes of text and a line end make 128, into which two numbers of 20 digits fit.
    text = format!("{text:<117}\n");
    let mut header = MAGIC.to_vec();
    header.extend([1, 0]);
    header.extend((text.len() as u16).to_le_bytes());
    header.extend(text.as_bytes());
    header
}
