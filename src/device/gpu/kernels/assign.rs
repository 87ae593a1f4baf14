//! Dispatches `assign`, the filter, and `settle` for the rows that it leaves undecided.

use crate::clock::Instant;
use crate::codebook::Codebook;
use crate::device::Assigned;
use crate::device::gpu::chunk::{ChunkBuffers, slices};
use crate::device::gpu::codewords::{Codewords, wide_codes};
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::error::Result;

/// Operations per component of a codeword that `settle` takes for one row: a product and its share of the distances.
const SETTLE_WORK: usize = 2;
/// Rows for which `settle` has a workgroup, out of how many it may have to take; few are undecided.
const ROWS_PER_GROUP: usize = 32;
const SETTLE_GROUPS: usize = 1024;

/// Twin: `kernel::assign::assign`. The codebook must fit a binding.
pub(in crate::device::gpu) fn assign(rows: &mut GpuRows, codebook: &Codebook) -> Result<Assigned> {
    let start = Instant::now();
    let work = queue(rows, codebook)?;
    let GpuRows { context, batch, chunks, .. } = rows;
    let bytes = batch.read(context, &counters(chunks).collect::<Vec<_>>())?;
    context.learn(work, start);
    Ok(counted(&bytes))
}

/// Assigns rows and copies their codes to `out`; the host waits only once. The codebook must fit a binding.
pub(in crate::device::gpu) fn assign_and_codes(
    rows: &mut GpuRows,
    codebook: &Codebook,
    out: &mut [u32],
) -> Result<Assigned> {
    let start = Instant::now();
    let work = queue(rows, codebook)?;
    let GpuRows { context, batch, chunks, .. } = rows;
    let spans: Vec<_> = counters(chunks).chain(chunks.iter().map(ChunkBuffers::codes_span)).collect();
    let bytes = batch.read(context, &spans)?;
    context.learn(work, start);
    let (counters, mut codes) = bytes.split_at_checked(chunks.len() * COUNTERS as usize).unwrap_or_default();
    for chunk in chunks.iter() {
        let (here, rest) = codes.split_at_checked(chunk.rows.len() * 4).unwrap_or_default();
        chunk.take_codes(here, out);
        codes = rest;
    }
    Ok(counted(counters))
}

/// Adds the dispatches of an assignment to the batch; returns the number of products.
pub(in crate::device::gpu) fn queue(rows: &mut GpuRows, codebook: &Codebook) -> Result<f64> {
    let (codewords, _) = rows.codewords(codebook)?;
    queue_codewords(rows, &codewords)
}

/// Does the same for codewords on the device.
pub(in crate::device::gpu) fn queue_codewords(rows: &mut GpuRows, codewords: &Codewords) -> Result<f64> {
    measure(rows)?;
    let params = codewords.params(rows.params());
    let GpuRows { context, batch, chunks, width, dim, .. } = rows;
    let clusters = codewords.clusters as usize;
    let kernel = Kernel::Assign { wide_rows: context.wide, wide_codes: wide_codes(clusters) };
    let work = codewords.padded as usize * *width * 4;
    let settle_work = clusters * *dim * SETTLE_WORK;
    for chunk in chunks.iter() {
        let ChunkBuffers { values, lengths, codes, list, counters, .. } = chunk;
        let buffers = [values, &codewords.values, &codewords.half_norms, lengths, codes, list, counters];
        batch.clear(context, counters)?;
        chunk.run(context, batch, kernel, params, &buffers, work)?;
        // The host does not wait for the number of undecided rows: workgroups beyond it find nothing to do.
        for slice in slices(context, Kernel::Settle, chunk.rows.len(), settle_work) {
            let groups = slice.len().div_ceil(ROWS_PER_GROUP).min(SETTLE_GROUPS) as u32;
            let params = Params { first: slice.start as u32, end: slice.end as u32, count: groups, ..params };
            let work = slice.len() as u64 * settle_work as u64;
            batch.dispatch(context, Kernel::Settle, &params.words(), &buffers, ((groups, 1), work))?;
        }
    }
    Ok(work as f64 * rows.rows as f64)
}

/// Computes upper bounds on the lengths of the rows, which the bound of the filter needs.
fn measure(rows: &mut GpuRows) -> Result<()> {
    let params = rows.params();
    let GpuRows { context, batch, chunks, dim, measured, .. } = rows;
    if !*measured {
        for chunk in chunks.iter() {
            let buffers = [&chunk.values, &chunk.lengths];
            chunk.run(context, batch, Kernel::Length, params, &buffers, *dim)?;
        }
        *measured = true;
    }
    Ok(())
}

/// Bytes of the counters of a chunk.
const COUNTERS: u64 = 8;

/// Returns where the counters of all chunks are.
pub(in crate::device::gpu) fn counters(chunks: &[ChunkBuffers]) -> impl Iterator<Item = Span<'_>> {
    chunks.iter().map(|chunk| Span { buffer: &chunk.counters, offset: 0, size: COUNTERS })
}

/// Adds up the counters of all chunks.
pub(in crate::device::gpu) fn counted(bytes: &[u8]) -> Assigned {
    bytes.chunks_exact(COUNTERS as usize).fold(Assigned::default(), |all, counters| {
        let mut words = words(counters).map(u64::from);
        let (settled, changed) = (words.next().unwrap_or(0), words.next().unwrap_or(0));
        all.plus(Assigned { changed, settled })
    })
}
