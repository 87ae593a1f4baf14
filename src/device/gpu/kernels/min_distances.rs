//! Dispatches `min_distances`, the seeding distances.

use crate::device::gpu::chunk::slices;
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

/// Twin: `kernel::min_distances::min_distances`.
pub(in crate::device::gpu) fn min_distances(table: &mut GpuRows, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
    let rows = closest.len();
    let mut out = try_zeros::<u64>((points.len() / table.dim).saturating_mul(rows), "seeding distances")?;
    if rows == 0 {
        return Ok(out);
    }
    let (dim, width) = (table.dim, table.width);
    for (points, out) in points.chunks(POINTS * dim).zip(out.chunks_mut(POINTS * rows)) {
        let count = points.len() / dim;
        let on_device = table.points(points)?;
        let piece = table.piece_rows(8 * count);
        let GpuRows { context, batch, chunks, .. } = table;
        for chunk in chunks.iter() {
            // Every dispatch has buffers that start at its first row.
            for part in slices(context, Kernel::MinDistances, chunk.rows.len(), count * dim) {
                for start in part.clone().step_by(piece) {
                    let end = part.end.min(start + piece);
                    let base = chunk.rows.start;
                    let limits = closest.get(base + start..base + end).unwrap_or_default();
                    let limits = context.filled("closest distances", limits)?;
                    let size = (count * (end - start) * 8) as u64;
                    let found = context.storage("seeding distances", size)?;
                    let params = params(width, count, start..end, start..end);
                    let groups = (end - start).div_ceil(Kernel::MinDistances.group_rows()) as u32;
                    let buffers = [&chunk.values, &on_device, &limits, &found];
                    let work = (end - start) as u64 * (count * dim) as u64;
                    batch.dispatch(context, Kernel::MinDistances, &params, &buffers, ((groups, 1), work))?;
                    let bytes = batch.read(context, &[Span { buffer: &found, offset: 0, size }])?;
                    for (to, from) in out.chunks_exact_mut(rows).zip(bytes.chunks_exact((end - start) * 8)) {
                        let to = to.get_mut(base + start..base + end).unwrap_or_default();
                        copy(from, to, u64::from_le_bytes);
                    }
                }
            }
        }
    }
    Ok(out)
}
