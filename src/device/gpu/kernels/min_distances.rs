//! Dispatches `min_distances`, the seeding distances.

use crate::device::gpu::batch::CommandBatch;
use crate::device::gpu::chunk::slices;
use crate::device::gpu::context::Context;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, copy};
use crate::error::{Result, try_zeros};
use std::ops::Range;

/// How many points one dispatch takes.
const POINTS: usize = 64;

/// Returns the parameters of a dispatch over `rows`, whose distances begin with those of the first of `of`.
pub(in crate::device::gpu) fn params(width: usize, count: usize, rows: Range<usize>, of: Range<usize>) -> [u32; 6] {
    [rows.start, rows.end, width, count, of.start, of.len()].map(|number| number as u32)
}

/// Points on the device, and which of all they are.
struct PointsOnDevice {
    points: wgpu::Buffer,
    of: Range<usize>,
}

/// Distances of some rows of the table from some points, for which the host has not waited.
struct Waiting {
    distances: wgpu::Buffer,
    points: Range<usize>,
    rows: Range<usize>,
}

impl Waiting {
    fn bytes(&self) -> usize {
        self.points.len() * self.rows.len() * 8
    }
}

/// Twin: `kernel::min_distances::min_distances`. All points are on the device at once.
///
/// The host waits once for as many distances as [`Context::piece`] holds, of however many points, and sends `closest`
/// once for the rows of a piece.
pub(in crate::device::gpu) fn min_distances(table: &mut GpuRows, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
    let dim = table.dim;
    let count = points.len() / dim;
    let mut out = try_zeros::<u64>(count.saturating_mul(closest.len()), "seeding distances")?;
    if out.is_empty() {
        return Ok(out);
    }
    let to_device = |(first, here): (usize, &[i32])| {
        table.points(here).map(|points| PointsOnDevice { points, of: first..first + here.len() / dim })
    };
    let firsts = (0..count).step_by(POINTS);
    let points: Vec<PointsOnDevice> = firsts.zip(points.chunks(POINTS * dim)).map(to_device).collect::<Result<_>>()?;
    let piece = table.piece_rows(8 * count.min(POINTS));
    let GpuRows { context, batch, chunks, width, .. } = table;
    let mut waiting: Vec<Waiting> = Vec::new();
    for chunk in chunks.iter() {
        for start in (0..chunk.rows.len()).step_by(piece) {
            let rows = start..chunk.rows.len().min(start + piece);
            let base = chunk.rows.start;
            let limits = closest.get(base + rows.start..base + rows.end).unwrap_or_default();
            let limits = context.filled("closest distances", limits)?;
            for points in &points {
                let bytes: usize = waiting.iter().map(Waiting::bytes).sum();
                if !waiting.is_empty() && bytes + points.of.len() * rows.len() * 8 > context.piece() {
                    read(context, batch, &waiting, &mut out, closest.len())?;
                    waiting.clear();
                }
                let buffers = [&chunk.values, &points.points, &limits];
                let distances = queue(context, batch, buffers, (rows.clone(), points.of.len()), (*width, dim))?;
                let to = base + rows.start..base + rows.end;
                waiting.push(Waiting { distances, points: points.of.clone(), rows: to });
            }
        }
    }
    read(context, batch, &waiting, &mut out, closest.len())?;
    Ok(out)
}

/// Adds the dispatches for the distances of some rows of a chunk from `count` points; returns the buffer that is going
/// to hold them. `buffers` are those of the chunk's values, of the points, and of the limits of these rows.
fn queue(
    context: &Context,
    batch: &mut CommandBatch,
    [values, points, limits]: [&wgpu::Buffer; 3],
    (rows, count): (Range<usize>, usize),
    (width, dim): (usize, usize),
) -> Result<wgpu::Buffer> {
    let kernel = Kernel::MinDistances;
    let distances = context.storage("seeding distances", (count * rows.len() * 8) as u64)?;
    for slice in slices(context, kernel, rows.len(), count * dim) {
        let groups = slice.len().div_ceil(kernel.group_rows()) as u32;
        let work = slice.len() as u64 * (count * dim) as u64;
        let slice = rows.start + slice.start..rows.start + slice.end;
        let params = params(width, count, slice, rows.clone());
        batch.dispatch(context, kernel, &params, &[values, points, limits, &distances], ((groups, 1), work))?;
    }
    Ok(distances)
}

/// Reads distances back in one go, to where they belong in `out`, (points, rows).
fn read(context: &Context, batch: &mut CommandBatch, waiting: &[Waiting], out: &mut [u64], rows: usize) -> Result<()> {
    let spans: Vec<_> =
        waiting.iter().map(|of| Span { buffer: &of.distances, offset: 0, size: of.bytes() as u64 }).collect();
    let bytes = batch.read(context, &spans)?;
    let mut rest = bytes.as_slice();
    for of in waiting {
        let (here, after) = rest.split_at_checked(of.bytes()).unwrap_or_default();
        rest = after;
        let to = out.chunks_exact_mut(rows).skip(of.points.start);
        for (to, from) in to.zip(here.chunks_exact(of.rows.len() * 8)) {
            copy(from, to.get_mut(of.rows.clone()).unwrap_or_default(), u64::from_le_bytes);
        }
    }
    Ok(())
}
