//! What is known of the candidates of k-means||.

use super::chunk::ChunkBuffers;
use super::context::Context;
use super::span::Span;
use crate::error::Result;
use crate::kernel::nearer::BLOCK_ROWS;

/// Bytes of the sum of a block.
const SUM: u64 = 16;

/// The nearest candidate of every row of a chunk.
pub(super) struct CandidateBuffers {
    /// Its distance, u64.
    pub(super) closest: wgpu::Buffer,
    /// Its index + 1.
    pub(super) nearest: wgpu::Buffer,
    /// The sums of the distances of blocks, 96 bits and 0.
    pub(super) sums: wgpu::Buffer,
    /// How many blocks of rows the chunk has.
    pub(super) blocks: usize,
}

impl CandidateBuffers {
    pub(super) fn new(context: &Context, chunk: &ChunkBuffers) -> Result<Self> {
        let rows = chunk.rows.len();
        let blocks = rows.div_ceil(BLOCK_ROWS);
        Ok(Self {
            closest: context.storage("distances from candidates", rows as u64 * 8)?,
            nearest: context.storage("nearest candidates", rows as u64 * 4)?,
            sums: context.storage("sums of distances", blocks as u64 * SUM)?,
            blocks,
        })
    }

    pub(super) fn sums_span(&self) -> Span<'_> {
        Span { buffer: &self.sums, offset: 0, size: self.blocks as u64 * SUM }
    }
}
