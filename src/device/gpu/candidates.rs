//! The candidates of k-means||. Distances and the nearest candidates stay on the GPU; sums of blocks of rows travel to
//! the host, and so do drawn rows.

use super::assignment;
use super::candidate_buffers::CandidateBuffers;
use super::chunk::{COUNTERS, ChunkBuffers, counted};
use super::kernels::{EXACT_WORK, assigned_distances, nearer};
use super::rows::GpuRows;
use super::span::{Span, sum_of, words};
use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::kernel::nearer::BlockDraw;

/// Twin: `kernel::nearer::nearer`, after an assignment to the new candidates. Returns none where these do not fit a
/// binding, the distances do not fit the memory, or the candidates before are not there.
pub(super) fn add(table: &mut GpuRows, new: &Codebook, known: usize) -> Result<Option<Vec<u128>>> {
    if table.slice(new).is_some() {
        return Ok(None);
    }
    let held = match table.candidates.take() {
        Some(held) => held,
        None if known > 0 => return Ok(None),
        None => match table.chunks.iter().map(|chunk| CandidateBuffers::new(&table.context, chunk)).collect() {
            Err(error) if matches!(error.kind(), ErrorKind::OutOfMemory { .. }) => return Ok(None),
            held => held?,
        },
    };
    let mut queued = assignment::queue(table, new)?;
    let (codewords, params) = table.codewords(new)?;
    let GpuRows { context, batch, chunks, dim, rows, .. } = table;
    for (chunk, held) in chunks.iter().zip(&held) {
        let distances = assigned_distances::queue(context, batch, chunk, (&codewords, params), *dim)?;
        nearer::nearer(context, batch, chunk, (&distances, held), known)?;
    }
    let counters = chunks.iter().map(ChunkBuffers::counters_span);
    let spans: Vec<_> = counters.chain(held.iter().map(CandidateBuffers::sums_span)).collect();
    let bytes = batch.read(context, &spans)?;
    queued.work += (*dim * EXACT_WORK) as f64 * *rows as f64;
    let (counters, sums) = bytes.split_at_checked(chunks.len() * COUNTERS as usize).unwrap_or_default();
    let sums: Vec<u32> = words(sums).collect();
    assignment::finish(table, &queued, counted(counters));
    table.candidates = Some(held);
    Ok(Some(sums.chunks_exact(4).map(sum_of).collect()))
}

/// Twin: `kernel::nearer::draw_in_block`, for each draw. The host waits once.
pub(super) fn draw(table: &mut GpuRows, draws: &[BlockDraw]) -> Result<Vec<usize>> {
    let mut rows = try_zeros(draws.len(), "drawn rows")?;
    let GpuRows { context, batch, chunks, candidates: Some(held), .. } = table else { return Ok(rows) };
    let (mut first, mut waiting) = (0, Vec::new());
    for (chunk, held) in chunks.iter().zip(held.iter()) {
        let of_chunk = first..first + held.blocks;
        let (places, here): (Vec<usize>, Vec<BlockDraw>) = draws
            .iter()
            .enumerate()
            .filter(|(_, draw)| of_chunk.contains(&draw.block))
            .map(|(place, draw)| (place, BlockDraw { block: draw.block - first, ..*draw }))
            .unzip();
        first = of_chunk.end;
        if !here.is_empty() {
            let drawn = nearer::draw_in_block(context, batch, chunk, held, &here)?;
            waiting.push((chunk.rows.start, places, drawn));
        }
    }
    let spans: Vec<_> = waiting
        .iter()
        .map(|(_, places, drawn)| Span { buffer: drawn, offset: 0, size: places.len() as u64 * 4 })
        .collect();
    if spans.is_empty() {
        return Ok(rows);
    }
    let bytes = batch.read(context, &spans)?;
    let places = waiting.iter().flat_map(|(start, places, _)| places.iter().map(move |place| (start, place)));
    for ((start, place), row) in places.zip(words(&bytes)) {
        if let Some(to) = rows.get_mut(*place) {
            *to = start + row as usize;
        }
    }
    Ok(rows)
}

/// Returns how many rows are nearest to each candidate. The host waits once.
pub(super) fn counts(table: &mut GpuRows, candidates: usize) -> Result<Vec<u64>> {
    let mut counts = try_zeros(candidates, "counts")?;
    let params = table.params();
    let GpuRows { context, batch, chunks, candidates: Some(held), .. } = table else { return Ok(counts) };
    let size = candidates as u64 * 4;
    let mut waiting = Vec::new();
    for (chunk, held) in chunks.iter().zip(held.iter()) {
        let on_device = context.storage("counts", size)?;
        nearer::count(context, batch, chunk, (held, &on_device), (params, candidates))?;
        waiting.push(on_device);
    }
    let spans: Vec<_> = waiting.iter().map(|buffer| Span { buffer, offset: 0, size }).collect();
    let bytes = batch.read(context, &spans)?;
    for chunk in bytes.chunks_exact((size as usize).max(1)) {
        counts.iter_mut().zip(words(chunk)).for_each(|(all, count)| *all += u64::from(count));
    }
    Ok(counts)
}
