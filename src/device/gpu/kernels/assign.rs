//! Dispatches `distinct`, which takes duplicates out of the race, a filter, `assign`, `assign_bytes` or
//! `assign_streamed`, and for the rows that it leaves undecided `rerank`, where they have few candidates, and `settle`,
//! where they may have many.

use super::EXACT_WORK;
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::bytes;
use crate::device::gpu::chunk::{ChunkBuffers, run_over, slices};
use crate::device::gpu::codewords::Codewords;
use crate::device::gpu::context::Context;
use crate::device::gpu::filter::Filter;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::pruning::Pruning;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::tile::{Tile, Variant};
use crate::error::Result;

/// Candidates of a row that `rerank` compares at most.
const CANDIDATES: usize = 6;
/// Operations per component of a codeword that `settle` takes for one row: exact distances to a quarter of the
/// codewords, more than which hardly any row needs.
const SETTLE_WORK: usize = EXACT_WORK / 4;
/// Workgroups for listed rows in a dispatch: so many that they fill any adapter, and no more than a quarter of the rows
/// would need, because hardly ever more of them are listed. Workgroups take turns where there are more.
const LIST_GROUPS: usize = 4096;
const LISTED: usize = 4;

/// Adds the dispatches of an assignment by a variant that suits the table.
pub(in crate::device::gpu) fn queue_variant(rows: &mut GpuRows, codewords: &Codewords, variant: Variant) -> Result<()> {
    queue_distinct(rows, codewords)?;
    queue_race(rows, codewords, variant, None)
}

/// Adds the dispatches of an assignment that races for the rows alone which movements of codewords have left open:
/// those that [`super::keep::queue`] has listed, and those that lose against a codeword which has moved. The variant
/// must have a tile of its own.
pub(in crate::device::gpu) fn queue_pruned(
    rows: &mut GpuRows,
    codewords: &Codewords,
    variant: Variant,
    facts: &wgpu::Buffer,
    pruning: &mut Pruning,
) -> Result<()> {
    queue_distinct(rows, codewords)?;
    super::keep::queue_moved(rows, codewords, facts, pruning)?;
    queue_race(rows, codewords, variant, Some(pruning))
}

fn queue_race(
    rows: &mut GpuRows,
    codewords: &Codewords,
    variant: Variant,
    pruning: Option<&mut Pruning>,
) -> Result<()> {
    match variant.filter {
        Filter::F32 => queue_f32(rows, codewords, variant, pruning),
        Filter::Bytes => queue_bytes(rows, codewords, variant, pruning),
    }
}

/// Returns the kernels that an assignment by a variant takes more than one without pruning, as long as many codewords
/// move.
pub(in crate::device::gpu) fn kernels_of_pruning(variant: Variant) -> [Kernel; 4] {
    let [_, open, challenged] = kernels(variant);
    [Kernel::Keep, Kernel::Moved, open, challenged]
}

/// Returns the kernels of a race: for all rows, for open rows, and for challenged rows.
fn kernels(variant: Variant) -> [Kernel; 3] {
    match (variant.filter, variant.tile) {
        (Filter::F32, Tile::Sized { wide_rows, wide_codes }) => [
            Kernel::Assign { wide_rows, wide_codes },
            Kernel::AssignListed { wide_rows, wide_codes },
            Kernel::AssignChallenged { wide_rows, wide_codes },
        ],
        (Filter::Bytes, Tile::Sized { wide_rows, wide_codes }) => [
            Kernel::AssignBytes { wide_rows, wide_codes },
            Kernel::AssignBytesListed { wide_rows, wide_codes },
            Kernel::AssignBytesChallenged { wide_rows, wide_codes },
        ],
        (_, Tile::Streamed) => [Kernel::AssignStreamed, Kernel::AssignStreamedListed, Kernel::AssignStreamedChallenged],
        (_, Tile::Cooperative) => [Kernel::AssignMatrix; 3],
    }
}

/// Filters by products of f32.
fn queue_f32(rows: &mut GpuRows, codewords: &Codewords, variant: Variant, pruning: Option<&mut Pruning>) -> Result<()> {
    measure_lengths(rows)?;
    let of_rows = rows.params();
    let params = codewords.params(of_rows);
    let [all, open, _] = kernels(variant);
    let GpuRows { context, batch, chunks, width, dim, .. } = rows;
    let work = |codewords: &Codewords| codewords.clusters as usize * *width * 4;
    for (at, chunk) in chunks.iter().enumerate() {
        let ChunkBuffers { values, lengths, codes, list, counters, .. } = chunk;
        batch.clear(context, counters)?;
        let mut race = (all, values);
        if let Some(Pruning { chunks, moved, .. }) = pruning.as_deref()
            && let Some(kept) = chunks.get(at)
        {
            let [.., kernel] = kernels(variant.for_shape(*dim, moved.clusters as usize));
            let of_moved = [&moved.values, codes, &kept.open, &kept.counters, &moved.race_norms];
            let buffers = [&[values][..], &of_moved, &[lengths, &kept.challenged]].concat();
            chunk.run(context, batch, kernel, moved.params(of_rows), &buffers, work(moved))?;
            race = (open, &kept.open);
        }
        let (kernel, listed) = race;
        let buffers = [values, &codewords.values, codes, list, counters, &codewords.race_norms, lengths, listed];
        chunk.run(context, batch, kernel, params, &buffers, work(codewords))?;
        queue_undecided(context, batch, chunk, codewords, params, *dim)?;
    }
    Ok(())
}

/// Filters by products of bytes.
fn queue_bytes(
    rows: &mut GpuRows,
    codewords: &Codewords,
    variant: Variant,
    mut pruning: Option<&mut Pruning>,
) -> Result<()> {
    let [all, open, _] = kernels(variant);
    let known = rows.codeword_bytes.take();
    // A matrix is loaded along its rows.
    let code_bytes = round_codewords(rows, codewords, known, all == Kernel::AssignMatrix)?;
    rows.codeword_bytes = Some(code_bytes.clone());
    if let Some(pruning) = pruning.as_deref_mut() {
        let known = pruning.moved_bytes.take();
        pruning.moved_bytes = Some(round_codewords(rows, &pruning.moved, known, false)?);
    }
    let rounded = rows.measured == Some(Filter::Bytes);
    let of_rows = rows.params();
    let GpuRows { context, batch, chunks, width, dim, .. } = rows;
    let work = |codewords: &Codewords| codewords.clusters as usize * *width * 4;
    for (at, chunk) in chunks.iter_mut().enumerate() {
        let row_bytes = chunk.bytes(context, *dim)?;
        let room = chunk.room();
        let params = bytes::params(of_rows, codewords, *dim, room);
        if !rounded {
            chunk.run(context, batch, Kernel::RoundRows, params, &[&chunk.values, &row_bytes], *dim * EXACT_WORK)?;
        }
        let ChunkBuffers { codes, list, counters, .. } = &*chunk;
        batch.clear(context, counters)?;
        let mut race = (all, &row_bytes);
        if let Some(Pruning { chunks, moved, moved_bytes: Some(moved_bytes), .. }) = pruning.as_deref()
            && let Some(kept) = chunks.get(at)
        {
            let [.., kernel] = kernels(variant.for_shape(*dim, moved.clusters as usize));
            let params = bytes::params(of_rows, moved, *dim, room);
            let buffers = [&row_bytes, moved_bytes, codes, &kept.open, &kept.counters, &kept.challenged];
            chunk.run(context, batch, kernel, params, &buffers, work(moved))?;
            race = (open, &kept.open);
        }
        let (kernel, listed) = race;
        let buffers = [&row_bytes, &code_bytes, codes, list, counters, listed];
        // A matrix race takes no list.
        let buffers = buffers.get(..if all == Kernel::AssignMatrix { 5 } else { 6 }).unwrap_or_default();
        chunk.run(context, batch, kernel, params, buffers, work(codewords))?;
        queue_undecided(context, batch, chunk, codewords, params, *dim)?;
    }
    rows.measured = Some(Filter::Bytes);
    Ok(())
}

/// Rounds codewords to bytes; returns the buffer that holds these, one codeword after the other if `row_major`. It is
/// `known` where that is large enough. The codewords may have changed since the last time.
fn round_codewords(
    rows: &mut GpuRows,
    codewords: &Codewords,
    known: Option<wgpu::Buffer>,
    row_major: bool,
) -> Result<wgpu::Buffer> {
    let params = bytes::params(rows.params(), codewords, rows.dim, 0);
    let GpuRows { context, batch, dim, .. } = rows;
    let needed = bytes::size(codewords.padded.into(), *dim);
    let buffer = match known.filter(|buffer| buffer.size() >= needed) {
        Some(buffer) => buffer,
        None => context.storage("codewords as bytes", needed)?,
    };
    let buffers = [&codewords.values, &codewords.race_norms, &buffer];
    let kernel = Kernel::RoundCodewords { row_major };
    run_over(params.padded as usize, context, batch, kernel, params, (&buffers, *dim * EXACT_WORK))?;
    Ok(buffer)
}

/// Twin: `kernel::assign::is_duplicate`.
fn queue_distinct(rows: &mut GpuRows, codewords: &Codewords) -> Result<()> {
    let params = codewords.params(rows.params());
    let GpuRows { context, batch, dim, .. } = rows;
    let buffers = [&codewords.values, &codewords.half_norms, &codewords.race_norms];
    let work = *dim + codewords.clusters as usize;
    run_over(params.padded as usize, context, batch, Kernel::Distinct, params, (&buffers, work))
}

/// Adds the dispatches that give codes to the rows of a chunk which a filter has listed. The host does not wait for
/// their number: workgroups beyond it find nothing to do. Twin: `kernel::assign::candidates::nearest_of`.
fn queue_undecided(
    context: &Context,
    batch: &mut CommandBatch,
    chunk: &ChunkBuffers,
    codewords: &Codewords,
    params: Params,
    dim: usize,
) -> Result<()> {
    let ChunkBuffers { values, codes, list, counters, .. } = chunk;
    let buffers = [values, &codewords.values, codes, list, counters];
    let rerank = (Kernel::Rerank, CANDIDATES * dim * EXACT_WORK);
    let settle = (Kernel::Settle, codewords.clusters as usize * dim * SETTLE_WORK);
    for (kernel, work) in [rerank, settle] {
        for slice in slices(context, kernel, chunk.rows.len(), work) {
            let groups = slice.len().div_ceil(kernel.group_rows() * LISTED).min(LIST_GROUPS) as u32;
            let params = Params { first: slice.start as u32, end: slice.end as u32, count: groups, ..params };
            let work = slice.len() as u64 * work as u64;
            batch.dispatch(context, kernel, &params.words(), &buffers, ((groups, 1), work))?;
        }
    }
    Ok(())
}

/// Computes upper bounds on the lengths of the rows, which the bound of the f32 filter needs.
fn measure_lengths(rows: &mut GpuRows) -> Result<()> {
    let params = rows.params();
    let GpuRows { context, batch, chunks, dim, measured, .. } = rows;
    if *measured != Some(Filter::F32) {
        for chunk in chunks.iter() {
            let buffers = [&chunk.values, &chunk.lengths];
            chunk.run(context, batch, Kernel::Length, params, &buffers, *dim)?;
        }
        *measured = Some(Filter::F32);
    }
    Ok(())
}
