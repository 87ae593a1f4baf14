//! Assignments of rows on a GPU: chooses the variant of the filter, waits for the counts, and learns from the time.

use super::chunk::{COUNTERS, ChunkBuffers, counted};
use super::codewords::Codewords;
use super::filter::Filter;
use super::kernels::EXACT_WORK;
use super::kernels::assign::{self, queue_variant};
use super::kernels::assigned_distances;
use super::kernels::centroid::{self, Ordered};
use super::kernels::keep;
use super::measure::measure;
use super::pruning::Pruning;
use super::rows::GpuRows;
use super::span::{Span, copy};
use super::tile::{Tile, Variant};
use crate::clock::Instant;
use crate::codebook::Codebook;
use crate::device::AssignCounts;
use crate::error::{Result, try_zeros};
use crate::partial::Partial;
use std::sync::Arc;

/// Assignments in a batch, which the host has not waited for.
pub(super) struct Queued {
    clusters: usize,
    /// The number of products, or of operations that take as long.
    pub(super) work: f64,
    start: Instant,
}

/// Twin: `kernel::assign::assign`. The codebook must fit a binding.
pub(super) fn assign(rows: &mut GpuRows, codebook: &Codebook) -> Result<AssignCounts> {
    let queued = queue(rows, codebook)?;
    let GpuRows { context, batch, chunks, .. } = rows;
    let bytes = batch.read(context, &chunks.iter().map(ChunkBuffers::counters_span).collect::<Vec<_>>())?;
    let assigned = counted(&bytes);
    finish(rows, &queued, assigned);
    Ok(assigned)
}

/// Assigns rows and copies their codes to `out`; the host waits only once. The codebook must fit a binding.
pub(super) fn assign_and_codes(rows: &mut GpuRows, codebook: &Codebook, out: &mut [u32]) -> Result<AssignCounts> {
    let queued = queue(rows, codebook)?;
    let GpuRows { context, batch, chunks, .. } = rows;
    let spans: Vec<_> =
        chunks.iter().map(ChunkBuffers::counters_span).chain(chunks.iter().map(ChunkBuffers::codes_span)).collect();
    let bytes = batch.read(context, &spans)?;
    let (counters, mut codes) = bytes.split_at_checked(chunks.len() * COUNTERS as usize).unwrap_or_default();
    for chunk in chunks.iter() {
        let (here, rest) = codes.split_at_checked(chunk.rows.len() * 4).unwrap_or_default();
        chunk.take_codes(here, out);
        codes = rest;
    }
    let assigned = counted(counters);
    finish(rows, &queued, assigned);
    Ok(assigned)
}

/// Assigns rows, copies their codes to `codes`, and returns their distances from the codewords of these; the host waits
/// only once per chunk. The codebook must fit a binding.
pub(super) fn assign_and_distances(rows: &mut GpuRows, codebook: &Codebook, codes: &mut [u32]) -> Result<Vec<u64>> {
    let mut queued = queue(rows, codebook)?;
    let (codewords, params) = rows.codewords(codebook)?;
    let mut out = try_zeros(rows.rows, "distances")?;
    let mut assigned = AssignCounts::default();
    let GpuRows { context, batch, chunks, dim, .. } = rows;
    for chunk in chunks.iter() {
        let distances = assigned_distances::queue(context, batch, chunk, (&codewords, params), *dim)?;
        let size = chunk.rows.len() as u64 * 8;
        let spans = [chunk.counters_span(), chunk.codes_span(), Span { buffer: &distances, offset: 0, size }];
        let bytes = batch.read(context, &spans)?;
        let (counters, rest) = bytes.split_at_checked(COUNTERS as usize).unwrap_or_default();
        let (of_codes, of_distances) = rest.split_at_checked(chunk.rows.len() * 4).unwrap_or_default();
        chunk.take_codes(of_codes, codes);
        copy(of_distances, out.get_mut(chunk.rows.clone()).unwrap_or_default(), u64::from_le_bytes);
        assigned = assigned.plus(counted(counters));
    }
    queued.work += (*dim * EXACT_WORK) as f64 * out.len() as f64;
    finish(rows, &queued, assigned);
    Ok(out)
}

/// Assigns rows and sums them by their new codes; the host waits only once. The codebook must fit a binding.
pub(super) fn assign_and_sums(rows: &mut GpuRows, codebook: &Codebook) -> Result<(AssignCounts, Partial)> {
    let queued = queue(rows, codebook)?;
    let ordered = Ordered::of(rows, codebook.clusters())?;
    centroid::queue_order(rows, &ordered)?;
    let found = centroid::read(rows, codebook.clusters(), &ordered, true)?;
    finish(rows, &queued, found.0);
    Ok(found)
}

/// Adds the dispatches of an assignment to the batch.
pub(super) fn queue(rows: &mut GpuRows, codebook: &Codebook) -> Result<Queued> {
    let (codewords, _) = rows.codewords(codebook)?;
    queue_codewords(rows, &codewords)
}

/// Does the same for codewords on the device.
pub(super) fn queue_codewords(rows: &mut GpuRows, codewords: &Codewords) -> Result<Queued> {
    let clusters = codewords.clusters as usize;
    let variant = variant(rows, codewords)?;
    let start = Instant::now();
    queue_variant(rows, codewords, variant)?;
    let work = (clusters * rows.width * 4) as f64 * rows.rows as f64;
    Ok(Queued { clusters, work, start })
}

/// Adds the dispatches of an assignment to the codewords `after` the last one was to those `before`, of which `movers`
/// have moved since, as `facts` say of each.
pub(super) fn queue_pruned(
    rows: &mut GpuRows,
    [before, after]: [&Codewords; 2],
    (movers, facts): (u32, &wgpu::Buffer),
    pruning: &mut Pruning,
) -> Result<Queued> {
    let variant = variant(rows, after)?;
    if variant.tile == Tile::Cooperative {
        // Distances from codewords before these say nothing of the next movement.
        pruning.is_known = false;
        return queue_codewords(rows, after);
    }
    if !pruning.is_known {
        rows.context.prepare(&assign::kernels_of_pruning(variant))?;
    }
    let start = Instant::now();
    pruning.set_moved(movers, after);
    keep::queue(rows, [before, after], facts, pruning)?;
    assign::queue_pruned(rows, after, variant, facts, pruning)?;
    // How many rows race is not known.
    Ok(Queued { clusters: after.clusters as usize, work: 0.0, start })
}

/// Learns from an assignment that the host has waited for. Only durations depend on it.
pub(super) fn finish(rows: &mut GpuRows, queued: &Queued, assigned: AssignCounts) {
    let Queued { clusters, work, start } = *queued;
    rows.context.learn(work, start);
    rows.context.tiles.spent(rows.class(clusters), start.elapsed().as_secs_f64());
    // Other rows may have been timed, of which the filter of bytes decided more. The first iteration of a fit may leave
    // more than half of the rows open, where later ones leave a fifth; few candidates cost less than a race of f32.
    let open = assigned.settled.saturating_mul(4) > (rows.rows as u64).saturating_mul(3);
    if rows.filter.is_none() && rows.measured == Some(Filter::Bytes) && open {
        rows.filter = Some(Filter::F32);
    }
}

/// Returns the variant that suits the table, after timing all of them where that is due.
fn variant(rows: &mut GpuRows, codewords: &Codewords) -> Result<Variant> {
    let clusters = codewords.clusters as usize;
    let class = rows.class(clusters);
    if rows.context.tiles.is_due(class) {
        let timings = measure(rows, codewords)?;
        rows.context.tiles.learn(class, timings);
    }
    let (context, dim) = (Arc::clone(&rows.context), rows.dim);
    let choose = |filter| {
        let variant = context.tiles.choose(class, filter);
        let runs = variant.runs_with(context.cooperative);
        let tile = if runs { variant.tile } else { Tile::unmeasured(variant.filter) };
        Variant { tile, ..variant }.for_shape(dim, clusters)
    };
    let variant = choose(rows.filter);
    if rows.filter.is_some() || variant.filter == Filter::F32 || rows.has_room_for_bytes()? {
        return Ok(variant);
    }
    let variant = choose(Some(Filter::F32));
    rows.filter = Some(Filter::F32);
    Ok(variant)
}
