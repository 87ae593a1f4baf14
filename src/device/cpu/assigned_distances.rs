//! Squared distances of rows to the codewords of their codes.

use super::block::block_rows;
use super::exact::squared_distance;
use super::panel::Panel;
use super::table_rows::TableRows;
use rayon::prelude::*;

/// The kernel of the same name.
pub(super) fn assigned_distances(rows: &TableRows, codes: &[u32], panel: &Panel, out: &mut [u64]) {
    let block = block_rows(codes.len());
    let blocks = rows.blocks(block).zip(codes.par_chunks(block)).zip(out.par_chunks_mut(block));
    blocks.for_each(|((rows, codes), out)| panel.unit.run(AssignedBlock { rows: rows.values, codes, panel, out }));
}

struct AssignedBlock<'a> {
    rows: &'a [f32],
    codes: &'a [u32],
    panel: &'a Panel,
    out: &'a mut [u64],
}

impl pulp::WithSimd for AssignedBlock<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for ((row, code), out) in self.rows.chunks_exact(self.panel.dim()).zip(self.codes).zip(self.out) {
            *out = squared_distance(row, self.panel.codeword(*code as usize));
        }
    }
}
