//! Dispatches `nearer`, `draw_in_block`, and `count` of the nearest candidates.

use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::candidate_buffers::CandidateBuffers;
use crate::device::gpu::chunk::{ChunkBuffers, run_elements};
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::span::sum_words;
use crate::error::Result;
use crate::kernel::nearer::{BLOCK_ROWS, BlockDraw};

/// Twin: `kernel::nearer::nearer`, for the rows of a chunk, whose codes are the indices of new candidates at these
/// distances.
pub(in crate::device::gpu) fn nearer(
    context: &Context,
    batch: &mut CommandBatch,
    chunk: &ChunkBuffers,
    (distances, held): (&wgpu::Buffer, &CandidateBuffers),
    known: usize,
) -> Result<()> {
    let buffers = [distances, &chunk.codes, &held.closest, &held.nearest, &held.sums];
    run_elements(chunk.rows.len(), context, batch, Kernel::Nearer, &[known as u32], (&buffers, 1))
}

/// Twin: `kernel::nearer::draw_in_block`, for each draw; blocks are counted from the first of the chunk. Returns the
/// buffer that is going to hold the rows, counted likewise.
pub(in crate::device::gpu) fn draw_in_block(
    context: &Context,
    batch: &mut CommandBatch,
    chunk: &ChunkBuffers,
    held: &CandidateBuffers,
    draws: &[BlockDraw],
) -> Result<wgpu::Buffer> {
    let words = |draw: &BlockDraw| {
        let [low, middle, high] = sum_words(draw.value);
        [draw.block as u32, low, middle, high]
    };
    let values: Vec<[u32; 4]> = draws.iter().map(words).collect();
    let values = context.filled("values", &values)?;
    let drawn = context.storage("drawn rows", draws.len() as u64 * 4)?;
    let buffers = [&held.closest, &values, &drawn];
    let rows = [chunk.rows.len() as u32];
    run_elements(draws.len(), context, batch, Kernel::DrawInBlock, &rows, (&buffers, BLOCK_ROWS))?;
    Ok(drawn)
}

/// Counts the rows of a chunk by their nearest candidates, in a buffer of zeros.
pub(in crate::device::gpu) fn count(
    context: &Context,
    batch: &mut CommandBatch,
    chunk: &ChunkBuffers,
    (held, counts): (&CandidateBuffers, &wgpu::Buffer),
    (params, candidates): (Params, usize),
) -> Result<()> {
    let params = Params { clusters: candidates as u32, ..params };
    chunk.run(context, batch, Kernel::Count, params, &[&held.nearest, counts], 1)
}
