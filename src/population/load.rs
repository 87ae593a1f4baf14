//! From the caller's rows to residuals on a device, a chunk at a time.

use super::Ask;
use crate::device::{Engine, Table};
use crate::error::{Result, try_vec};
use crate::grid::{Range, read_finite};
use crate::quantization::{Metric, Quantization};
use crate::rng::Sample;
use crate::rows::Rows;

/// Values read at a time: 4 MiB of f32.
pub(super) const CHUNK_VALUES: usize = 1 << 20;

/// Some of the rows of a caller, in order.
#[derive(Clone)]
pub(crate) struct Source<'a> {
    rows: &'a dyn Rows,
    /// The rows that are read, by their places in `rows`.
    span: std::ops::Range<usize>,
    /// Which of them are used.
    chosen: Chosen,
}

#[derive(Clone)]
enum Chosen {
    /// Those of a sample; the first row of `rows` has the number `base`.
    Sample { sample: Sample, base: u64 },
    /// Those at these places, which ascend.
    List(Vec<usize>),
}

impl<'a> Source<'a> {
    /// All rows.
    pub(crate) fn all(rows: &'a dyn Rows) -> Self {
        Self::new(rows, 0..rows.len(), 0)
    }

    /// The rows at the places `span`; the first row of `rows` has the number `base`.
    pub(super) fn new(rows: &'a dyn Rows, span: std::ops::Range<usize>, base: u64) -> Self {
        Self { rows, span, chosen: Chosen::Sample { sample: Sample::ALL, base } }
    }

    /// The rows at these places, which ascend.
    pub(crate) fn chosen(rows: &'a dyn Rows, chosen: Vec<usize>) -> Self {
        Self { rows, span: 0..rows.len(), chosen: Chosen::List(chosen) }
    }

    /// The rows of a sample, chosen by their numbers.
    pub(super) fn sampled(&self, sample: Sample) -> Self {
        let base = match self.chosen {
            Chosen::Sample { base, .. } => base,
            Chosen::List(_) => 0,
        };
        Self { rows: self.rows, span: self.span.clone(), chosen: Chosen::Sample { sample, base } }
    }

    /// Rows that are read, used or not.
    pub(super) fn span(&self) -> usize {
        self.span.len()
    }

    /// Number of dimensions.
    pub(super) fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// Number of rows used.
    pub(super) fn len(&self) -> usize {
        match &self.chosen {
            Chosen::List(list) => list.len(),
            Chosen::Sample { sample, base } => {
                let (start, end) = (self.span.start as u64, self.span.end as u64);
                sample.count(base.saturating_add(start)..base.saturating_add(end)) as usize
            }
        }
    }

    /// Smallest and largest value per dimension.
    pub(super) fn range(&self, ask: Ask<'_>) -> Result<Range> {
        let mut range = Range::new(self.rows.dim());
        self.each_chunk(&mut |_, rows| {
            range.add(rows);
            ask()
        })?;
        Ok(range)
    }

    /// Puts the rows on the grid and into `table`; returns how many values saturated.
    pub(crate) fn load(
        &self,
        quantization: &Quantization,
        engine: &dyn Engine,
        table: &mut dyn Table,
        ask: Ask<'_>,
    ) -> Result<u64> {
        let mut saturated = 0;
        let mut buffer = Vec::new();
        self.each_chunk(&mut |first, rows| {
            if buffer.len() < rows.len() {
                buffer = try_vec(0, rows.len(), "a chunk of rows")?;
            }
            let q = buffer.get_mut(..rows.len()).unwrap_or_default();
            saturated += to_grid(engine, quantization, rows, q);
            table.upload(first, q)?;
            ask()
        })?;
        Ok(saturated)
    }

    /// The rows at these places among those used, which ascend: only they are read.
    pub(super) fn pick(&self, places: &[u64]) -> Result<Vec<f32>> {
        let dim = self.dim();
        let mut values = try_vec(0.0, places.len().saturating_mul(dim), "rows")?;
        let mut wanted = places.iter().zip(values.chunks_exact_mut(dim)).peekable();
        let mut place = 0;
        let mut result = Ok(());
        self.chosen.each(self.span.clone(), &mut |row| {
            if let Some((_, to)) = wanted.next_if(|(wanted, _)| **wanted == place)
                && result.is_ok()
            {
                result = read_finite(self.rows, row, to);
            }
            place += 1;
        });
        result.map(|()| values)
    }

    /// Calls `use_rows` with some of the rows used at a time, in order: the place of the first among them, and their
    /// values.
    pub(crate) fn each_chunk(&self, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        let dim = self.rows.dim();
        let step = (CHUNK_VALUES / dim).max(1);
        let mut buffer = try_vec(0.0, step.min(self.span.len()) * dim, "a chunk of rows")?;
        let mut picked = Vec::new();
        let mut done = 0;
        for first in self.span.clone().step_by(step) {
            let end = self.span.end.min(first + step);
            let chunk = buffer.get_mut(..(end - first) * dim).unwrap_or_default();
            read_finite(self.rows, first, chunk)?;
            let chunk = match self.chosen.all() {
                true => &*chunk,
                false => {
                    picked.clear();
                    self.chosen.each(first..end, &mut |row| {
                        picked.extend_from_slice(chunk.chunks_exact(dim).nth(row - first).unwrap_or_default());
                    });
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

impl Chosen {
    /// Whether every row is used.
    fn all(&self) -> bool {
        matches!(self, Self::Sample { sample: Sample { last: None, .. }, .. })
    }

    /// Calls `use_row` with the place of every row used of the span.
    fn each(&self, span: std::ops::Range<usize>, use_row: &mut dyn FnMut(usize)) {
        match self {
            Self::Sample { sample, base } => {
                span.filter(|row| sample.holds(base.saturating_add(*row as u64))).for_each(use_row);
            }
            Self::List(list) => {
                let within = list.partition_point(|row| *row < span.start)..list.partition_point(|row| *row < span.end);
                list.get(within).unwrap_or_default().iter().copied().for_each(use_row);
            }
        }
    }
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
