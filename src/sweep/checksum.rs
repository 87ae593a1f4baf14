//! The checksum at the end of a sweep's line.

use crate::io::model_file::hex;
use sha2::{Digest, Sha256};

/// What stands before the checksum, in the place of the object's last bracket.
const BEFORE: &[u8] = b",\"sha256\":\"";
/// What stands behind it.
const BEHIND: &[u8] = b"\"}";
/// Hex digits of SHA-256.
const DIGITS: usize = 64;

/// Adds to a JSON object with at least one field its own checksum, as a last field.
pub(super) fn append(object: &mut Vec<u8>) {
    let sum = hex(&Sha256::digest(&object));
    object.pop();
    object.extend([BEFORE, sum.as_bytes(), BEHIND].concat());
}

/// Whether an object has the checksum of what stands before it; nothing where it has none.
pub(super) fn check(object: &[u8]) -> Option<bool> {
    let (before, sum) = object.strip_suffix(BEHIND)?.split_last_chunk::<DIGITS>()?;
    let mut object = before.strip_suffix(BEFORE)?.to_vec();
    object.push(b'}');
    Some(hex(&Sha256::digest(&object)).as_bytes() == sum)
}
