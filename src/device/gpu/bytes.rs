//! Rows and codewords as bytes, for the filter that multiplies them.

use super::codewords::Codewords;
use super::params::Params;
use crate::kernel::assign::bytes;

/// Bytes that a step of `assign_bytes` takes of a vector, which is padded to a multiple of it.
const STEP: usize = 64;
/// Bytes of a vec4 of words.
const QUAD: usize = 16;

/// Returns how many vec4 of bytes a vector of `dim` dimensions has.
pub(super) fn quads(dim: usize) -> usize {
    dim.next_multiple_of(STEP) / QUAD
}

/// Returns how many bytes the words of `vectors` vectors take, with the facts of each.
pub(super) fn size(vectors: u64, dim: usize) -> u64 {
    vectors.saturating_mul((quads(dim) as u64 + 1) * QUAD as u64)
}

/// Returns the parameters of a dispatch over rows whose bytes have room for `room` rows, and over codewords.
pub(super) fn params(params: Params, codewords: &Codewords, dim: usize, room: usize) -> Params {
    let (slope, base) = bytes::gap(codewords.longest);
    Params { slope, base, quads: quads(dim) as u32, room: room as u32, ..codewords.params(params) }
}
