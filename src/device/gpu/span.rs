//! Parts of buffers, and the numbers in what is read back.

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
