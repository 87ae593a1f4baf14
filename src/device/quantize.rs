//! Puts rows on a grid, on many threads and with vector instructions.

use crate::grid::{self, Grid};
use rayon::prelude::*;

/// Values that one task puts on the grid.
const TASK: usize = 1 << 14;

/// Returns the values of whole rows that one task takes.
fn task(dim: usize) -> usize {
    (TASK / dim).max(1) * dim
}

/// [`Grid::quantize`] of some rows, to be compiled for vectors of any kind.
pub(super) struct Quantize<'a> {
    grid: &'a Grid,
    rows: &'a [f32],
    out: &'a mut [i32],
}

impl Quantize<'_> {
    /// Runs with the instructions that this build may always use.
    #[inline(always)]
    pub(super) fn run(self) -> u64 {
        self.grid.quantize(self.rows, self.out)
    }
}

impl pulp::WithSimd for Quantize<'_> {
    type Output = u64;

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> u64 {
        self.run()
    }
}

/// Does what [`Grid::quantize`] does; `run` runs each task.
pub(super) fn quantize(grid: &Grid, rows: &[f32], out: &mut [i32], run: impl Fn(Quantize<'_>) -> u64 + Sync) -> u64 {
    let task = task(grid.dim());
    let parts = rows.par_chunks(task).zip(out.par_chunks_mut(task));
    parts.map(|(rows, out)| run(Quantize { grid, rows, out })).sum()
}

/// Does what [`grid::quantize_rows_alone`] does.
pub(super) fn quantize_rows_alone(rows: &[f32], dim: usize, out: &mut [i32]) {
    let task = task(dim);
    let parts = rows.par_chunks(task).zip(out.par_chunks_mut(task));
    parts.for_each(|(rows, out)| grid::quantize_rows_alone(rows, dim, out));
}
