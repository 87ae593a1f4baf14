//! The checksum at the end of a sweep's line.

use crate::io::model_file::hex;
use sha2::{Digest, Sha256};

/// The text before the checksum, which takes the place of the object's last bracket.
const BEFORE: &[u8] = b",\"sha256\":\"";
/// The text after the checksum.
const BEHIND: &[u8] = b"\"}";
/// Hex digits of SHA-256.
const DIGITS: usize = 64;

/// Adds the checksum of a JSON object, which has at least one field, as its last field.
pub(super) fn append(object: &mut Vec<u8>) {
    let sum = hex(&Sha256::digest(&object));
    object.pop();
    object.extend([BEFORE, sum.as_bytes(), BEHIND].concat());
}

/// Tells whether the checksum of an object matches the object before it was added; `None` where there is no checksum.
pub(super) fn check(object: &[u8]) -> Option<bool> {
    let (before, sum) = object.strip_suffix(BEHIND)?.split_last_chunk::<DIGITS>()?;
    let mut object = before.strip_suffix(BEFORE)?.to_vec();
    object.push(b'}');
    Some(hex(&Sha256::digest(&object)).as_bytes() == sum)
}
