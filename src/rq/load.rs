//! From the caller's rows to residuals on a device, a chunk at a time.

use super::model::Quantization;
use super::params::{Metric, RqKMeans};
use super::seeding::Ask;
use crate::device::{Engine, Table};
use crate::error::{Result, try_vec};
use crate::grid::{Grid, GridSketch, Loss, RANGE, Saturation, read_finite};
use crate::rng;
use crate::rows::Rows;
use rayon::prelude::*;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

/// Rows to work on: all, or some of them.
pub(crate) struct Source<'a> {
    rows: &'a dyn Rows,
    /// Numbers of the rows, ascending; `None` for all.
    chosen: Option<Vec<usize>>,
}

impl<'a> Source<'a> {
    /// `used` of the rows: those with the smallest hash of (seed, row).
    pub(super) fn new(rows: &'a dyn Rows, seed: u64, used: usize) -> Self {
        let chosen = (used < rows.len()).then(|| rng::sample(seed, rows.len(), used));
        Self { rows, chosen }
    }

    /// All rows.
    pub(crate) fn all(rows: &'a dyn Rows) -> Self {
        Self { rows, chosen: None }
    }

    /// The rows of these numbers, which ascend.
    pub(crate) fn chosen(rows: &'a dyn Rows, chosen: Vec<usize>) -> Self {
        Self { rows, chosen: Some(chosen) }
    }

    /// The grid for these rows.
    pub(super) fn grid(&self, params: &RqKMeans, ask: Ask<'_>) -> Result<Grid> {
        let dim = self.rows.dim();
        if params.metric == Metric::Cosine {
            // Every row has a grid of its own, and what follows is on the unit grid.
            return Ok(Grid::new(vec![0.0; dim], crate::grid::UNIT_EXPONENT));
        }
        let mut sketch = GridSketch::new(dim);
        self.each_chunk(&mut |_, rows| {
            sketch.add_finite(rows);
            ask()
        })?;
        Ok(sketch.grid(params.center))
    }

    /// Number among all rows of the one at `place` among the chosen ones.
    fn number(&self, place: usize) -> usize {
        self.chosen.as_ref().map_or(place, |chosen| chosen.get(place).copied().unwrap_or(place))
    }

    /// Puts the rows on the grid and into `table`; returns what lies beyond the grid, and what it leaves out.
    pub(super) fn load(
        &self,
        quantization: &Quantization,
        engine: &dyn Engine,
        table: &mut dyn Table,
        ask: Ask<'_>,
    ) -> Result<(Saturation, Loss)> {
        let (mut saturation, mut loss) = (Saturation::default(), Loss::default());
        let mut buffer = Vec::new();
        self.each_chunk(&mut |first, rows| {
            if buffer.len() < rows.len() {
                buffer = try_vec(0, rows.len(), "a chunk of rows")?;
            }
            let q = buffer.get_mut(..rows.len()).unwrap_or_default();
            let values = to_grid(engine, quantization, rows, q);
            saturation.merge(Saturation::of(&quantization.grid, rows, values, |place| self.number(first + place)));
            if quantization.metric == Metric::L2 {
                saturation.far |= q.iter().any(|q| q.abs() > RANGE);
            }
            if !quantization.unit_grid() {
                loss.merge(&left_out(engine, &quantization.grid, rows, q));
            }
            table.upload(first, q)?;
            ask()
        })?;
        Ok((saturation, loss))
    }

    /// Calls `use_rows` with some chosen rows at a time, in order: the place of the first among them, and their values.
    pub(crate) fn each_chunk(&self, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        let (len, dim) = (self.rows.len(), self.rows.dim());
        let step = (CHUNK_VALUES / dim).max(1);
        let mut buffer = try_vec(0.0, step.min(len) * dim, "a chunk of rows")?;
        let mut picked = Vec::new();
        let mut done = 0;
        for first in (0..len).step_by(step) {
            let end = len.min(first + step);
            let chunk = buffer.get_mut(..(end - first) * dim).unwrap_or_default();
            read_finite(self.rows, first, chunk)?;
            let chunk = match &self.chosen {
                None => &*chunk,
                Some(chosen) => {
                    let within = chosen.partition_point(|row| *row < first)..chosen.partition_point(|row| *row < end);
                    picked.clear();
                    for row in chosen.get(within).unwrap_or_default() {
                        picked.extend_from_slice(chunk.chunks_exact(dim).nth(row - first).unwrap_or_default());
                    }
                    &*picked
                }
            };
            if !chunk.is_empty() {
                use_rows(done, chunk)?;
                done += chunk.len() / dim;
            }
        }
        Ok(())
    }
}

/// Values that one task compares with their places on the grid.
const LOSS_TASK: usize = 1 << 16;

/// What the grid leaves out of rows that are at `q` on it.
fn left_out(engine: &dyn Engine, grid: &Grid, rows: &[f32], q: &[i32]) -> Loss {
    let task = (LOSS_TASK / grid.dim()).max(1) * grid.dim();
    let of_task = |(rows, q): (&[f32], &[i32])| {
        let mut loss = Loss::default();
        loss.add(grid, rows, q);
        loss
    };
    let merged = |mut a: Loss, b: Loss| {
        a.merge(&b);
        a
    };
    let mut loss = Loss::default();
    let parts = || rows.par_chunks(task).zip(q.par_chunks(task));
    engine.run(&mut || loss = parts().map(of_task).reduce(Loss::default, merged));
    loss
}

/// Puts finite rows on the grid of the metric; returns how many values saturated.
pub(crate) fn to_grid(engine: &dyn Engine, quantization: &Quantization, rows: &[f32], q: &mut [i32]) -> u64 {
    let grid = &quantization.grid;
    match quantization.metric {
        Metric::L2 => engine.quantize(grid, rows, q),
        Metric::Cosine => {
            engine.quantize_rows_alone(rows, grid.dim(), q);
            0
        }
    }
}
