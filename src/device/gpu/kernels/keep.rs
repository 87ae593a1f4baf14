//! Dispatches `keep`, which says for which rows an assignment has to race, and `moved`, which gathers the codewords of
//! the challenge.

use super::EXACT_WORK;
use crate::device::gpu::chunk::run_elements;
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::pruning::Pruning;
use crate::device::gpu::rows::GpuRows;
use crate::error::Result;

/// Twin: `kernel::keep::fates`. Lists rows by the distances from their own codewords in `after`, and remembers these.
/// Where nothing is remembered of `before`, the codewords of the last assignment, their distances come first.
pub(in crate::device::gpu) fn queue(
    rows: &mut GpuRows,
    [before, after]: [&Codewords; 2],
    facts: &wgpu::Buffer,
    pruning: &mut Pruning,
) -> Result<()> {
    if !pruning.is_known {
        let GpuRows { context, batch, .. } = &mut *rows;
        pruning.chunks.iter().try_for_each(|kept| batch.clear(context, &kept.known))?;
        queue_lists(rows, before, facts, pruning)?;
        pruning.is_known = true;
    }
    queue_lists(rows, after, facts, pruning)
}

fn queue_lists(rows: &mut GpuRows, codewords: &Codewords, facts: &wgpu::Buffer, pruning: &Pruning) -> Result<()> {
    let params = codewords.params(rows.params());
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    for (chunk, kept) in chunks.iter().zip(&pruning.chunks) {
        for list in [&kept.open, &kept.challenged, &kept.counters] {
            batch.clear(context, list)?;
        }
        let rows = [&chunk.values, &codewords.values, &chunk.codes, facts];
        let lists = [&kept.known, &kept.open, &kept.challenged, &kept.counters];
        chunk.run(context, batch, Kernel::Keep, params, &[rows, lists].concat(), 2 * *dim * EXACT_WORK)?;
    }
    Ok(())
}

/// Gathers the codewords that have moved, whose norms of the race are known.
pub(in crate::device::gpu) fn queue_moved(
    rows: &mut GpuRows,
    codewords: &Codewords,
    facts: &wgpu::Buffer,
    pruning: &Pruning,
) -> Result<()> {
    let GpuRows { context, batch, width, dim, .. } = rows;
    let Pruning { moved, taken, .. } = pruning;
    batch.clear(context, taken)?;
    let rest = [*width as u32, codewords.clusters, codewords.padded, moved.clusters, moved.padded];
    let buffers = [facts, &codewords.values, &codewords.race_norms, &moved.values, &moved.race_norms, taken];
    let padding = moved.padded - moved.clusters;
    let count = codewords.clusters as usize + padding as usize;
    run_elements(count, context, batch, Kernel::Moved, &rest, (&buffers, *dim))
}
