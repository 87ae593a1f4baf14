//! Matrix products in WebAssembly, where the filter multiplies f32 only if it is told to: the code is small.

use crate::device::cpu::panel::Panel;

const LANES: usize = 16;

/// See [`super`].
pub(in crate::device::cpu) fn products(rows: &[f32], panel: &Panel, out: &mut [f32]) {
    let (clusters, dim) = (panel.clusters(), panel.dim());
    for (row, out) in rows.chunks_exact(dim).zip(out.chunks_exact_mut(clusters)) {
        for (codeword, out) in panel.values.chunks_exact(dim).zip(out) {
            *out = 2.0 * product(row, codeword);
        }
    }
}

#[inline(always)]
fn product(row: &[f32], codeword: &[f32]) -> f32 {
    let mut lanes = [0.0; LANES];
    let ((rows, row), (columns, column)) = (row.as_chunks::<LANES>(), codeword.as_chunks::<LANES>());
    for (row, column) in rows.iter().zip(columns) {
        // By index, so that it compiles to vector code.
        for i in 0..LANES {
            lanes[i] += row[i] * column[i];
        }
    }
    let rest: f32 = row.iter().zip(column).map(|(row, column)| row * column).sum();
    lanes.iter().sum::<f32>() + rest
}
