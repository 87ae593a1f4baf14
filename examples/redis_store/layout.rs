//! How IDs and items are kept: as bytes whose order is that of the IDs.

use crate::client::failed;
use semid::Result;
use semid::registry::SemanticId;

/// The codes, 4 bytes each, and the suffix, 8 bytes, all big endian: a member of the sorted set.
pub(crate) fn of_id(id: &SemanticId) -> Vec<u8> {
    [of_codes(&id.codes), id.suffix.to_be_bytes().to_vec()].concat()
}

pub(crate) fn of_codes(codes: &[u32]) -> Vec<u8> {
    codes.iter().flat_map(|code| code.to_be_bytes()).collect()
}

pub(crate) fn id(bytes: &[u8]) -> Result<SemanticId> {
    let (codes, suffix) = bytes.split_last_chunk().ok_or_else(|| failed("an ID is too short"))?;
    Ok(SemanticId::new(self::codes(codes)?, u64::from_be_bytes(*suffix)))
}

fn codes(bytes: &[u8]) -> Result<Vec<u32>> {
    match bytes.as_chunks() {
        (codes, []) => Ok(codes.iter().map(|code| u32::from_be_bytes(*code)).collect()),
        _ => Err(failed("an ID has half a code")),
    }
}

/// What the encoder gave, where that is not the ID's codes, and then `rest`: the value of an ID or of an item.
pub(crate) fn of_value(encoded: Option<&[u32]>, rest: &[u8]) -> Vec<u8> {
    let encoded = of_codes(encoded.unwrap_or_default());
    [&(encoded.len() as u16).to_be_bytes(), encoded.as_slice(), rest].concat()
}

/// What the encoder gave and the rest of a value.
pub(crate) fn value(bytes: &[u8]) -> Result<(Option<Vec<u32>>, &[u8])> {
    let parts =
        bytes.split_first_chunk().and_then(|(len, rest)| rest.split_at_checked(u16::from_be_bytes(*len).into()));
    let (encoded, rest) = parts.ok_or_else(|| failed("a value is too short"))?;
    Ok(((!encoded.is_empty()).then(|| codes(encoded)).transpose()?, rest))
}

/// The first bytes after all that begin with `prefix`; none if there are no such.
pub(crate) fn end(prefix: &[u8]) -> Option<Vec<u8>> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return Some(end);
        }
    }
    None
}
