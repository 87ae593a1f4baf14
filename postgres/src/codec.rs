//! Writes codes as bytes: two per code, big endian, so that bytes and codes have the same order.

use semid::registry::SemanticId;
use semid::{Error, ErrorKind, Result};

/// More bytes than any ID has: two for each of 256 levels.
const MOST: usize = 2 * 256;

/// Returns the bytes of codes; none where a code is above 65,535, which no ID has.
pub(crate) fn bytes(codes: &[u32]) -> Option<Vec<u8>> {
    let pairs: Option<Vec<[u8; 2]>> = codes.iter().map(|code| Some(u16::try_from(*code).ok()?.to_be_bytes())).collect();
    Some(pairs?.concat())
}

/// Returns the codes that bytes stand for.
pub(crate) fn codes(bytes: &[u8]) -> Result<Vec<u32>> {
    match bytes.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).collect()),
        _ => Err(damaged("an ID has half a code")),
    }
}

/// Returns the first bytes after all those that begin with `prefix`.
pub(crate) fn end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![u8::MAX; MOST + 1]
}

/// Returns the suffix that a column holds.
pub(crate) fn suffix(stored: i64) -> Result<u64> {
    u64::try_from(stored).map_err(|_| damaged("a suffix is negative"))
}

/// Returns the ID that columns hold.
pub(crate) fn id(stored: &[u8], number: i64) -> Result<SemanticId> {
    Ok(SemanticId::new(codes(stored)?, suffix(number)?))
}

/// Returns the columns of an ID; none for an ID that cannot have been given.
pub(crate) fn columns(id: &SemanticId) -> Option<(Vec<u8>, i64)> {
    Some((bytes(&id.codes)?, i64::try_from(id.suffix).ok()?))
}

/// Returns the columns of an ID to be written; refuses one that does not fit.
pub(crate) fn stored(id: &SemanticId) -> Result<(Vec<u8>, i64)> {
    columns(id).ok_or_else(|| {
        let expected = "must have codes below 65,536 and a suffix below 2^63".to_owned();
        ErrorKind::Parameter { name: "id", value: format!("{id:?}"), expected }.into()
    })
}

/// Returns the bytes of codes to be written; refuses codes that do not fit.
pub(crate) fn stored_codes(codes: &[u32]) -> Result<Vec<u8>> {
    Ok(stored(&SemanticId::new(codes.to_vec(), 0))?.0)
}

pub(crate) fn damaged(reason: impl Into<String>) -> Error {
    ErrorKind::DamagedRegistry { reason: reason.into() }.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_ordered_as_codes_and_prefixes_are_ranges() {
        let all: Vec<Vec<u32>> =
            [0, 1, 255, 256, 65_535].into_iter().flat_map(|a| [vec![a, 0], vec![a, 65_535]]).collect();
        let stored: Vec<Vec<u8>> = all.iter().map(|codes| bytes(codes).unwrap()).collect();
        assert!(stored.is_sorted_by(|a, b| a < b));
        for (row, stored) in all.iter().zip(&stored) {
            assert_eq!(codes(stored).unwrap(), *row);
            for prefix in [&[][..], &[0], &[255], &[65_535], &[65_535, 65_535]] {
                let first = bytes(prefix).unwrap();
                assert_eq!(first <= *stored && *stored < end(&first), row.starts_with(prefix), "{row:?} {prefix:?}");
            }
        }
        assert!(bytes(&[65_536]).is_none() && codes(&[1, 2, 3]).is_err() && suffix(-1).is_err());
        assert!(super::stored(&SemanticId::new(vec![1], u64::MAX)).is_err());
    }
}
