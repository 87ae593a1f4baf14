//! Parts of buffers, and the numbers in what is read back.

use rayon::prelude::*;

/// How many numbers one task copies.
const TASK: usize = 1 << 15;

/// Part of a buffer, in bytes (multiples of 4).
pub(super) struct Span<'a> {
    pub(super) buffer: &'a wgpu::Buffer,
    pub(super) offset: u64,
    pub(super) size: u64,
}

/// Iterates over the u32 of a read-back.
pub(super) fn words(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.chunks_exact(4).map(|word| word.iter().rev().fold(0, |value, byte| (value << 8) | u32::from(*byte)))
}

/// Iterates over the u64 of a read-back, low word first.
pub(super) fn doubles(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.chunks_exact(8).map(|word| word.iter().rev().fold(0, |value, byte| (value << 8) | u64::from(*byte)))
}

/// Returns a sum of distances, which is below 2^96, as the words that shaders have of it, lowest first.
pub(super) fn sum_words(sum: u128) -> [u32; 3] {
    [sum as u32, (sum >> 32) as u32, (sum >> 64) as u32]
}

/// Returns the sum that words stand for, lowest first.
pub(super) fn sum_of(words: &[u32]) -> u128 {
    words.iter().rev().fold(0, |sum, word| sum << 32 | u128::from(*word))
}

/// Copies the numbers of a read-back, of N bytes each, to `to` on all threads.
pub(super) fn copy<const N: usize, T: Send>(bytes: &[u8], to: &mut [T], number: impl Fn([u8; N]) -> T + Sync) {
    let parts = to.par_chunks_mut(TASK).zip(bytes.par_chunks(TASK * N));
    parts.for_each(|(to, bytes)| {
        to.iter_mut().zip(bytes.as_chunks().0).for_each(|(to, bytes)| *to = number(*bytes));
    });
}
