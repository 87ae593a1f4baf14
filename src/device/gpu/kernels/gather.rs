//! Dispatches `gather`, which copies rows.

use crate::device::gpu::chunk::slices;
use crate::device::gpu::kernel::Kernel;
use crate::device::gpu::params::Params;
use crate::device::gpu::rows::GpuRows;
use crate::device::gpu::span::{Span, words};
use crate::error::{Result, try_zeros};

/// Returns copies of the given rows, in the given order.
pub(in crate::device::gpu) fn gather(table: &mut GpuRows, rows: &[usize]) -> Result<Vec<i32>> {
    let mut out = try_zeros(rows.len().saturating_mul(table.dim), "gathered rows")?;
    let row_bytes = table.width * 16;
    let (dim, params, at_once) = (table.dim, table.params(), table.piece_rows(row_bytes));
    let GpuRows { context, batch, chunks, .. } = table;
    for chunk in chunks.iter() {
        let here: Vec<(usize, u32)> = (rows.iter().enumerate())
            .filter(|(_, row)| chunk.rows.contains(row))
            .map(|(place, row)| (place, (row - chunk.rows.start) as u32))
            .collect();
        for piece in here.chunks(at_once) {
            let listed: Vec<u32> = piece.iter().map(|(_, row)| *row).collect();
            let listed = context.filled("listed rows", &listed)?;
            let size = (piece.len() * row_bytes) as u64;
            let copies = context.storage("gathered rows", size)?;
            for slice in slices(context, Kernel::Gather, piece.len(), dim) {
                let params = Params { first: slice.start as u32, ..params };
                let buffers = [&chunk.values, &listed, &copies];
                let groups = (slice.len() as u32, 1);
                batch.dispatch(
                    context,
                    Kernel::Gather,
                    &params.words(),
                    &buffers,
                    (groups, (slice.len() * dim) as u64),
                )?;
            }
            let bytes = batch.read(context, &[Span { buffer: &copies, offset: 0, size }])?;
            for ((place, _), row) in piece.iter().zip(bytes.chunks_exact(row_bytes)) {
                let to = out.chunks_exact_mut(dim).nth(*place).unwrap_or_default();
                to.iter_mut().zip(words(row)).for_each(|(to, word)| *to = word as i32);
            }
        }
    }
    Ok(out)
}
