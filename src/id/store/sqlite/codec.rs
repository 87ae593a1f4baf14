//! Writes codes as bytes: two per code, big endian, so that bytes and codes have the same order.

use crate::error::{Error, Result};

/// Returns the bytes of codes; none where a code is above 65,535, which no ID has.
pub(super) fn encode(codes: &[u32]) -> Option<Vec<u8>> {
    let pairs: Option<Vec<[u8; 2]>> = codes.iter().map(|code| Some(u16::try_from(*code).ok()?.to_be_bytes())).collect();
    Some(pairs?.concat())
}

/// Returns the codes that bytes stand for.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u32>> {
    match bytes.as_chunks::<2>() {
        (pairs, []) => Ok(pairs.iter().map(|pair| u32::from(u16::from_be_bytes(*pair))).collect()),
        _ => Err(Error::damaged_registry("an ID has half a code")),
    }
}

/// Returns the first bytes after all those that begin with `prefix`, for IDs of at most 256 levels.
pub(super) fn end(prefix: &[u8]) -> Vec<u8> {
    let mut end = prefix.to_vec();
    while let Some(last) = end.pop() {
        if let Some(next) = last.checked_add(1) {
            end.push(next);
            return end;
        }
    }
    vec![u8::MAX; 2 * 256 + 1]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_ordered_as_codes_and_prefixes_are_ranges() {
        let codes: Vec<Vec<u32>> =
            [0, 1, 255, 256, 65_535].into_iter().flat_map(|a| [vec![a, 0], vec![a, 65_535]]).collect();
        let bytes: Vec<Vec<u8>> = codes.iter().map(|codes| encode(codes).unwrap()).collect();
        assert!(bytes.is_sorted_by(|a, b| a < b));
        for (codes, bytes) in codes.iter().zip(&bytes) {
            assert_eq!(decode(bytes).unwrap(), *codes);
            for prefix in [&[][..], &[0], &[255], &[65_535], &[65_535, 65_535]] {
                let first = encode(prefix).unwrap();
                assert_eq!(first <= *bytes && *bytes < end(&first), codes.starts_with(prefix), "{codes:?} {prefix:?}");
            }
        }
        assert_eq!(encode(&[65_536]), None);
        assert!(decode(&[1, 2, 3]).is_err());
    }
}
