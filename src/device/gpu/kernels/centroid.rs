//! Dispatches the centroid reduction: counts rows, orders them by cluster, cuts the order into pieces, and sums these.

use crate::device::AssignCounts;
use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::chunk::{ChunkBuffers, counted, slices};
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, doubles, words};
use crate::error::{Result, try_zeros};
use crate::partial::Partial;
use rayon::prelude::*;

/// Rows of a piece, as in shaders/pieces.wgsl: so many that adding its sums costs little, and so few that the work can
/// be shared.
pub(in crate::device::gpu) const PIECE_ROWS: usize = 256;
/// Columns that a workgroup sums, as in shaders/centroid.wgsl.
const COLUMNS: usize = 32;
/// Bytes of a piece: (cluster, start, end, unused) in the ordered list.
const PIECE_BYTES: u64 = 16;

/// The rows of a chunk by cluster: their numbers, and the pieces into which the chunk's list is cut.
pub(in crate::device::gpu) struct Ordered {
    pub(in crate::device::gpu) counts: wgpu::Buffer,
    cursors: wgpu::Buffer,
    pieces: wgpu::Buffer,
    clusters: usize,
    most_pieces: usize,
}

impl Ordered {
    /// Makes the buffers for a chunk of `rows` rows.
    fn new(context: &Context, rows: usize, clusters: usize) -> Result<Self> {
        let most_pieces = most_pieces(rows, clusters);
        let size = clusters as u64 * 4;
        Ok(Self {
            counts: context.storage("counts", size)?,
            cursors: context.storage("cursors", size)?,
            pieces: context.storage("pieces", most_pieces as u64 * PIECE_BYTES)?,
            clusters,
            most_pieces,
        })
    }

    /// Makes the buffers for all chunks of a table.
    pub(in crate::device::gpu) fn of(table: &GpuRows, clusters: usize) -> Result<Vec<Self>> {
        table.chunks.iter().map(|chunk| Self::new(&table.context, chunk.rows.len(), clusters)).collect()
    }

    fn counts(&self) -> Span<'_> {
        Span { buffer: &self.counts, offset: 0, size: self.clusters as u64 * 4 }
    }

    /// Adds the commands that empty the buffers.
    pub(in crate::device::gpu) fn clear(&self, context: &Context, batch: &mut CommandBatch) -> Result<()> {
        batch.clear(context, &self.counts)?;
        batch.clear(context, &self.pieces)
    }

    /// Adds the dispatches that list the rows of the chunk by cluster; the buffers must be empty.
    fn queue(&self, context: &Context, batch: &mut CommandBatch, chunk: &ChunkBuffers, params: Params) -> Result<()> {
        let Self { counts, cursors, pieces, clusters, most_pieces } = self;
        chunk.run(context, batch, Kernel::Count, params, &[&chunk.codes, counts], 1)?;
        let work = (clusters + most_pieces) as u64;
        batch.dispatch(context, Kernel::Pieces, &params.words(), &[counts, cursors, pieces], ((1, 1), work))?;
        chunk.run(context, batch, Kernel::Order, params, &[&chunk.codes, cursors, &chunk.list], 1)
    }
}

/// Twin: `kernel::centroid::sums`.
pub(in crate::device::gpu) fn sums(table: &mut GpuRows, clusters: usize) -> Result<Partial> {
    let ordered = Ordered::of(table, clusters)?;
    queue_order(table, &ordered)?;
    read(table, clusters, &ordered, false).map(|(_, partial)| partial)
}

/// Returns how many pieces a chunk may have: whole ones, and one for the rest of each cluster.
pub(in crate::device::gpu) fn most_pieces(rows: usize, clusters: usize) -> usize {
    rows / PIECE_ROWS + clusters.min(rows)
}

/// Adds the dispatches that list the rows of every chunk by cluster; the buffers must be empty.
pub(in crate::device::gpu) fn queue_order(table: &mut GpuRows, ordered: &[Ordered]) -> Result<()> {
    let params = table.params();
    let GpuRows { context, batch, chunks, .. } = table;
    chunks.iter().zip(ordered).try_for_each(|(chunk, ordered)| {
        ordered.queue(context, batch, chunk, Params { clusters: ordered.clusters as u32, ..params })
    })
}

/// Returns the bytes of the sums of a cluster.
pub(in crate::device::gpu) fn cluster_bytes(table: &GpuRows) -> usize {
    table.width * 32
}

/// Adds the dispatches that sum the listed rows of `here` clusters from `first` on, in all chunks, to `sums`.
pub(in crate::device::gpu) fn queue_sums(
    table: &mut GpuRows,
    ordered: &[Ordered],
    sums: &wgpu::Buffer,
    (first, here): (usize, usize),
) -> Result<()> {
    let params = Params { clusters: here as u32, count: first as u32, ..table.params() };
    let GpuRows { context, batch, chunks, width, dim, .. } = table;
    for (chunk, ordered) in chunks.iter().zip(ordered) {
        let buffers = [&chunk.values, &chunk.list, &ordered.pieces, sums];
        let work = PIECE_ROWS * *dim;
        for slice in slices(context, Kernel::Centroid, ordered.most_pieces, work) {
            let params = Params { first: slice.start as u32, ..params };
            let groups = (slice.len() as u32, width.div_ceil(COLUMNS) as u32);
            let work = slice.len() as u64 * work as u64;
            batch.dispatch(context, Kernel::Centroid, &params.words(), &buffers, (groups, work))?;
        }
    }
    Ok(())
}

/// Sums the listed rows and reads the sums, and with the first of them the counts and the counters of `assign`.
pub(in crate::device::gpu) fn read(
    table: &mut GpuRows,
    clusters: usize,
    ordered: &[Ordered],
    assigned: bool,
) -> Result<(AssignCounts, Partial)> {
    let (dim, cluster_bytes) = (table.dim, cluster_bytes(table));
    let at_once = table.piece_rows(cluster_bytes);
    let mut found = AssignCounts::default();
    let mut counts = try_zeros::<u64>(clusters, "counts")?;
    let mut sums = try_zeros::<i64>(clusters.saturating_mul(dim), "sums")?;
    for first in (0..clusters).step_by(at_once) {
        let here = at_once.min(clusters - first);
        let size = here * cluster_bytes;
        let on_device = table.context.storage("sums", size as u64)?;
        queue_sums(table, ordered, &on_device, (first, here))?;
        let GpuRows { context, batch, chunks, .. } = table;
        let mut spans = vec![Span { buffer: &on_device, offset: 0, size: size as u64 }];
        if first == 0 {
            spans.extend(ordered.iter().map(Ordered::counts));
            spans.extend(chunks.iter().map(ChunkBuffers::counters_span).filter(|_| assigned));
        }
        let bytes = batch.read(context, &spans)?;
        let (of_sums, rest) = bytes.split_at_checked(size).unwrap_or_default();
        let to = sums.get_mut(first * dim..(first + here) * dim).unwrap_or_default();
        to.par_chunks_exact_mut(dim).zip(of_sums.par_chunks_exact(cluster_bytes)).for_each(|(to, from)| {
            to.iter_mut().zip(doubles(from)).for_each(|(to, sum)| *to = sum as i64);
        });
        let (of_counts, counters) = rest.split_at_checked(ordered.len() * clusters * 4).unwrap_or((rest, &[]));
        for chunk in of_counts.chunks_exact((clusters * 4).max(1)) {
            counts.iter_mut().zip(words(chunk)).for_each(|(all, count)| *all += u64::from(count));
        }
        found = found.plus(counted(counters));
    }
    Ok((found, Partial::from_parts(counts, sums, dim)))
}
