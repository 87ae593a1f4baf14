//! Brings the caller's rows to a device as residuals, a chunk at a time.

use super::Ask;
use crate::device::{Engine, Table};
use crate::error::{Result, try_zeros};
use crate::first_reading::FirstReading;
use crate::grid::{Grid, GridSketch, Loss, RANGE, Saturation, read_finite, read_finite_in_parts};
use crate::quantization::{Metric, Quantization};
use crate::rng::Sample;
use crate::rows::Rows;
use crate::weights::Weights;
use rayon::prelude::*;
use std::ops::Range;
use std::sync::Arc;

/// How many values are read at a time: 4 MiB of f32.
pub(super) const CHUNK_VALUES: usize = 1 << 20;

/// A function that takes some of the rows used: the place of the first among them, their numbers, and their values.
type UseNumbered<'u> = dyn FnMut(usize, &dyn Fn(usize) -> usize, &[f32]) -> Result<()> + 'u;

/// Rows of a caller, in order, some of which are used.
#[derive(Clone)]
pub(crate) struct SourceRows<'a> {
    rows: Arc<dyn Rows + Send + 'a>,
    /// The rows that are read, as places in `rows`.
    span: Range<usize>,
    /// Which rows of the span are used.
    chosen: Chosen,
    /// How often rows count; none where each counts once.
    weights: Option<Weights>,
    /// What the grid is chosen from, until it is on the grid; none where rows are read again.
    kept: Option<Arc<FirstReading>>,
}

/// What the grid leaves out of rows.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Loaded {
    /// The values beyond the grid.
    pub(crate) saturation: Saturation,
    /// The error of rounding and saturation.
    pub(crate) loss: Loss,
}

impl Loaded {
    /// Adds what the grid leaves out of other rows.
    pub(super) fn merge(&mut self, other: &Self) {
        self.saturation.merge(other.saturation.clone());
        self.loss.merge(&other.loss);
    }
}

#[derive(Clone)]
enum Chosen {
    /// The rows of a sample; the first row of `rows` has the number `base`. A row has as many numbers as it counts.
    Sample { sample: Sample, base: u64 },
    /// The rows at these places, which ascend.
    List(Vec<usize>),
}

impl<'a> SourceRows<'a> {
    /// Uses all rows.
    pub(crate) fn all(rows: &'a dyn Rows) -> Self {
        Self::new(rows, 0..rows.len(), 0)
    }

    /// Uses the rows at the places `span`; the first row of `rows` has the number `base`.
    pub(super) fn new(rows: impl Rows + Send + 'a, span: Range<usize>, base: u64) -> Self {
        Self {
            rows: Arc::new(rows),
            span,
            chosen: Chosen::Sample { sample: Sample::ALL, base },
            weights: None,
            kept: None,
        }
    }

    /// Uses the rows at these places, which ascend.
    pub(crate) fn chosen(rows: &'a dyn Rows, chosen: Vec<usize>) -> Self {
        Self { span: 0..rows.len(), rows: Arc::new(rows), chosen: Chosen::List(chosen), weights: None, kept: None }
    }

    /// Lets the rows count as often as `weights` say, one for each of the rows of the caller.
    pub(super) fn weighted(self, weights: Option<Weights>) -> Self {
        Self { weights, ..self }
    }

    /// Reads the rows once for the sketch and the load after it, and keeps them in between.
    pub(super) fn read_once(self) -> Self {
        Self { kept: Some(Arc::default()), ..self }
    }

    /// Uses the rows of a sample, which chooses them by their numbers.
    pub(super) fn sampled(&self, sample: Sample) -> Self {
        let base = match self.chosen {
            Chosen::Sample { base, .. } => base,
            Chosen::List(_) => 0,
        };
        let chosen = Chosen::Sample { sample, base };
        let Self { rows, span, weights, kept, .. } = self;
        Self { rows: rows.clone(), span: span.clone(), chosen, weights: weights.clone(), kept: kept.clone() }
    }

    /// Returns how many rows are read, used or not.
    pub(super) fn span(&self) -> usize {
        self.span.len()
    }

    /// Returns whether rows have weights.
    pub(super) fn is_weighted(&self) -> bool {
        self.weights.is_some()
    }

    /// Returns how many numbers the rows that are read have, used or not.
    pub(super) fn numbers(&self) -> u64 {
        let numbers = |weights: &Weights| weights.numbers(self.span.clone());
        self.weights.as_ref().map(numbers).map_or(self.span.len() as u64, |numbers| numbers.end - numbers.start)
    }

    /// Returns how often a row counts.
    fn times(&self, row: usize) -> u64 {
        match (&self.chosen, &self.weights) {
            (Chosen::List(list), _) => u64::from(list.binary_search(&row).is_ok()),
            (Chosen::Sample { sample, base }, None) => u64::from(sample.holds(base.saturating_add(row as u64))),
            (Chosen::Sample { sample, base }, Some(weights)) => {
                let Range { start, end } = weights.numbers(row..row + 1);
                sample.count(base.saturating_add(start)..base.saturating_add(end))
            }
        }
    }

    /// Returns how often the rows used count; none where each counts once.
    pub(super) fn weights_used(&self) -> Result<Option<Weights>> {
        let Some(_) = &self.weights else { return Ok(None) };
        let times = self.span.clone().map(|row| self.times(row));
        Weights::new(times.filter(|times| *times > 0)).map(Some)
    }

    /// Returns the number of dimensions.
    pub(super) fn dim(&self) -> usize {
        self.rows.dim()
    }

    /// Returns the number of rows used.
    pub(super) fn len(&self) -> usize {
        match (&self.chosen, &self.weights) {
            (Chosen::List(list), _) => list.len(),
            (Chosen::Sample { sample, base }, None) => {
                let (start, end) = (self.span.start as u64, self.span.end as u64);
                sample.count(base.saturating_add(start)..base.saturating_add(end)) as usize
            }
            (Chosen::Sample { .. }, Some(_)) => self.span.clone().filter(|row| self.times(*row) > 0).count(),
        }
    }

    /// Returns the sketch from which a grid is chosen.
    pub(super) fn sketch(&self, engine: &dyn Engine, ask: Ask<'_>) -> Result<GridSketch> {
        if let Some(kept) = &self.kept {
            kept.begin(self.span.len().saturating_mul(self.dim()));
        }
        let mut sketch = GridSketch::new(self.dim());
        self.each_numbered_chunk(Some(engine), &mut |_, _, rows| {
            engine.run(&mut || sketch.add_finite_in_parts(rows));
            ask()
        })?;
        Ok(sketch)
    }

    /// Puts the rows on the grid and into `table`; if `loaded` is given, adds to it what the grid leaves out.
    pub(crate) fn load(
        &self,
        quantization: &Quantization,
        engine: &dyn Engine,
        table: &mut dyn Table,
        mut loaded: Option<&mut Loaded>,
        ask: Ask<'_>,
    ) -> Result<()> {
        let (mut buffer, weights) = (Vec::new(), self.weights_used()?);
        self.each_numbered_chunk(Some(engine), &mut |first, numbers, rows| {
            if buffer.len() < rows.len() {
                buffer = try_zeros(rows.len(), "a chunk of rows")?;
            }
            let q = buffer.get_mut(..rows.len()).unwrap_or_default();
            let values = to_grid(engine, quantization, rows, q);
            if let Some(loaded) = &mut loaded {
                loaded.saturation.merge(Saturation::of(&quantization.grid, rows, values, numbers));
                if quantization.metric == Metric::L2 {
                    loaded.saturation.far |= is_any_far(engine, q);
                }
                if !quantization.unit_grid() {
                    let times = |row: usize| weights.as_ref().map_or(1, |weights| weights.of(first + row));
                    loaded.loss.merge(&left_out(engine, &quantization.grid, rows, q, &times));
                }
            }
            table.upload(first, q)?;
            ask()
        })?;
        if let Some(kept) = &self.kept {
            kept.end();
        }
        Ok(())
    }

    /// Reads the rows at these places among the rows used, and no others; the places ascend.
    pub(super) fn pick(&self, places: &[u64]) -> Result<Vec<f32>> {
        let dim = self.dim();
        let mut values = try_zeros(places.len().saturating_mul(dim), "rows")?;
        let mut wanted = places.iter().zip(values.chunks_exact_mut(dim)).peekable();
        let mut place = 0;
        let mut result = Ok(());
        self.each(self.span.clone(), &mut |row| {
            if let Some((_, to)) = wanted.next_if(|(wanted, _)| **wanted == place)
                && result.is_ok()
            {
                result = read_finite(&*self.rows, row, to);
            }
            place += 1;
        });
        result.map(|()| values)
    }

    /// Reads rows of the span, or copies them where they are kept.
    fn read(&self, engine: Option<&dyn Engine>, first: usize, out: &mut [f32]) -> Result<()> {
        if let Some(kept) = &self.kept {
            let read = |out: &mut [f32]| read_finite(&*self.rows, first, out);
            return kept.read((first - self.span.start).saturating_mul(self.dim()), out, read);
        }
        let Some(engine) = engine else { return read_finite(&*self.rows, first, out) };
        let mut read = Ok(());
        engine.run(&mut || read = read_finite_in_parts(&*self.rows, first, out));
        read
    }

    /// Calls `use_rows` with some of the rows used at a time, in order: with the place of the first one among the rows
    /// used, and the values.
    pub(crate) fn each_chunk(&self, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
        self.each_numbered_chunk(None, &mut |first, _, rows| use_rows(first, rows))
    }

    /// Reads the rows as `each_chunk` does, and also passes their numbers; the threads of `engine` read.
    fn each_numbered_chunk(&self, engine: Option<&dyn Engine>, use_rows: &mut UseNumbered<'_>) -> Result<()> {
        let (dim, base) = (self.rows.dim(), self.chosen.base());
        let step = (CHUNK_VALUES / dim).max(1);
        let mut buffer = try_zeros(step.min(self.span.len()) * dim, "a chunk of rows")?;
        let (mut picked, mut places) = (Vec::new(), Vec::new());
        let mut done = 0;
        for first in self.span.clone().step_by(step) {
            let end = self.span.end.min(first + step);
            let chunk = buffer.get_mut(..(end - first) * dim).unwrap_or_default();
            self.read(engine, first, chunk)?;
            if self.uses_all() {
                use_rows(done, &|row| base + self.number(first + row), chunk)?;
                done += chunk.len() / dim;
                continue;
            }
            picked.clear();
            places.clear();
            self.each(first..end, &mut |row| {
                picked.extend_from_slice(chunk.chunks_exact(dim).nth(row - first).unwrap_or_default());
                places.push(row);
            });
            if !places.is_empty() {
                use_rows(done, &|row| base + self.number(places.get(row).copied().unwrap_or(0)), &picked)?;
                done += places.len();
            }
        }
        Ok(())
    }

    /// Returns the number of a row, the first one if it has several, counted from the first row of the caller.
    fn number(&self, row: usize) -> usize {
        self.weights.as_ref().map_or(row, |weights| weights.first(row) as usize)
    }

    /// Returns whether every row is used.
    fn uses_all(&self) -> bool {
        let all = matches!(self.chosen, Chosen::Sample { sample: Sample { last: None, .. }, .. });
        all && self.weights.as_ref().is_none_or(Weights::all_count)
    }

    /// Calls `use_row` with the place of every used row in the span.
    fn each(&self, span: Range<usize>, use_row: &mut dyn FnMut(usize)) {
        match &self.chosen {
            Chosen::Sample { .. } => span.filter(|row| self.times(*row) > 0).for_each(use_row),
            Chosen::List(list) => {
                let within = list.partition_point(|row| *row < span.start)..list.partition_point(|row| *row < span.end);
                list.get(within).unwrap_or_default().iter().copied().for_each(use_row);
            }
        }
    }
}

impl Chosen {
    /// Returns the number of the first row.
    fn base(&self) -> usize {
        match self {
            Self::Sample { base, .. } => *base as usize,
            Self::List(_) => 0,
        }
    }
}

/// How many values one task compares with their places on the grid, or with the range of rows without far outliers.
const LOSS_TASK: usize = 1 << 16;

/// Returns whether a value on the grid is beyond those of rows without far outliers.
fn is_any_far(engine: &dyn Engine, q: &[i32]) -> bool {
    let mut far = false;
    // A loop that combines flags compiles to vector instructions, and a search does not.
    let in_task = |q: &[i32]| q.iter().fold(false, |far, q| far | (q.abs() > RANGE));
    engine.run(&mut || far = q.par_chunks(LOSS_TASK).any(in_task));
    far
}

/// Returns what the grid leaves out of rows that have the grid values `q`; row i counts `times(i)` times.
fn left_out(engine: &dyn Engine, grid: &Grid, rows: &[f32], q: &[i32], times: &(dyn Fn(usize) -> u64 + Sync)) -> Loss {
    let count = (LOSS_TASK / grid.dim()).max(1);
    let task = count * grid.dim();
    let of_task = |(number, (rows, q)): (usize, (&[f32], &[i32]))| {
        let mut loss = Loss::default();
        loss.add(grid, rows, q, |row| times(number * count + row));
        loss
    };
    let merged = |mut a: Loss, b: Loss| {
        a.merge(&b);
        a
    };
    let mut loss = Loss::default();
    let parts = || rows.par_chunks(task).zip(q.par_chunks(task)).enumerate();
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
