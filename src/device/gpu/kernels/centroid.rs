//! Dispatches the centroid reduction: counts rows, orders them by cluster, and sums piece by piece.

use crate::device::gpu::chunk::slices;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, doubles, words};
use crate::error::{Result, try_vec};
use crate::partial::Partial;

/// Rows of a piece: so many that adding its sums costs little, and so few that the work can be shared.
const PIECE_ROWS: u32 = 256;

/// (cluster, start, end, unused) in the ordered list.
type Piece = [u32; 4];

/// Twin: `kernel::centroid::sums`.
pub(in crate::device::gpu) fn sums(table: &mut GpuRows, clusters: usize) -> Result<Partial> {
    let mut counts = try_vec(0_u64, clusters, "counts")?;
    let mut sums = try_vec(0_i64, clusters.saturating_mul(table.dim), "sums")?;
    let pieces: Vec<Vec<Piece>> =
        (0..table.chunks.len()).map(|chunk| order(table, chunk, &mut counts)).collect::<Result<_>>()?;

    let cluster_bytes = table.width as u64 * 32;
    let at_once = table.piece_rows(cluster_bytes as usize);
    let stride = table.width * 4;
    for first in (0..clusters).step_by(at_once) {
        let end = clusters.min(first + at_once);
        let size = (end - first) as u64 * cluster_bytes;
        let on_device = table.context.storage("sums", size)?;
        for (chunk, pieces) in table.chunks.iter().zip(&pieces) {
            let here: Vec<Piece> =
                pieces.iter().filter(|[cluster, ..]| (first..end).contains(&(*cluster as usize))).copied().collect();
            let listed = table.context.filled("pieces", &here)?;
            let buffers = [&chunk.values, &chunk.list, &listed, &on_device];
            for slice in slices(&table.context, Kernel::Centroid, here.len(), PIECE_ROWS as usize * table.dim) {
                let params = Params { first: slice.start as u32, count: first as u32, ..table.params() };
                let groups = (slice.len() as u32, table.width.div_ceil(64) as u32);
                table.context.dispatch(Kernel::Centroid, params, &buffers, groups)?;
            }
        }
        let bytes = table.context.read(&[Span { buffer: &on_device, offset: 0, size }])?;
        let read = bytes.chunks_exact(stride * 8);
        for (to, from) in sums.chunks_exact_mut(table.dim).skip(first).zip(read) {
            to.iter_mut().zip(doubles(from)).for_each(|(to, sum)| *to = sum as i64);
        }
    }
    Ok(Partial::from_parts(counts, sums, table.dim))
}

/// Lists the rows of a chunk by cluster, adds their numbers to `counts`, and cuts the list into pieces.
fn order(table: &GpuRows, chunk: usize, counts: &mut [u64]) -> Result<Vec<Piece>> {
    let Some(chunk) = table.chunks.get(chunk) else { return Ok(Vec::new()) };
    let context = &table.context;
    let params = Params { clusters: counts.len() as u32, ..table.params() };
    let size = counts.len() as u64 * 4;
    let counted = context.storage("counts", size)?;
    chunk.run(context, Kernel::Count, params, &[&chunk.codes, &counted], 1)?;
    let bytes = context.read(&[Span { buffer: &counted, offset: 0, size }])?;

    let mut pieces = Vec::new();
    let mut starts = try_vec(0_u32, counts.len(), "counts")?;
    let mut start = 0;
    for (cluster, ((count, total), cursor)) in words(&bytes).zip(counts).zip(&mut starts).enumerate() {
        *total += u64::from(count);
        *cursor = start;
        let end = start + count;
        while start < end {
            let next = end.min(start + PIECE_ROWS);
            pieces.push([cluster as u32, start, next, 0]);
            start = next;
        }
    }
    let cursors = context.filled("cursors", &starts)?;
    chunk.run(context, Kernel::Order, params, &[&chunk.codes, &cursors, &chunk.list], 1)?;
    Ok(pieces)
}
