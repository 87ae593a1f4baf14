//! Puts rows on a grid made for them, or codes where their codewords put them, and joins equal ones to one point.

use super::integers::Integers;
use crate::device::{Device, Engine, Purpose};
use crate::error::{Result, out_of_memory, try_collect, try_reserve, try_zeros};
use crate::grid::GridSketch;
use crate::population::{SourceRows, to_grid};
use crate::quantization::{Metric, Quantization};
use crate::rows::Rows;
use sha2::{Digest, Sha256};
use std::collections::HashMap;

/// The different points among the rows.
///
/// # Exactness
/// The grid is the one that `fit` chooses for these rows. With the cosine metric, rows are scaled to length 2^20. The
/// points depend only on the rows and the metric, and so do their distances, which are integers. If the codewords of a
/// model are integers, the points of its codes are their sums: no rounding separates what is equally far.
pub(super) struct Points<'a> {
    values: Values<'a>,
    /// The point of every row, (N); points are numbered in the order in which they appear.
    pub(super) of_row: Vec<u32>,
    /// The first row of every point, ascending, (P).
    first: Vec<usize>,
    /// The weight of every point, which is the sum over its rows, (P).
    pub(super) weights: Vec<u64>,
}

/// Where the integers of the points come from.
enum Values<'a> {
    /// Rows, which are put on a grid.
    Rows(&'a dyn Rows, Quantization),
    Integers(Integers<'a>),
}

/// The values of some points, in memory.
pub(super) struct PointValues {
    /// The points, ascending.
    chosen: Vec<u32>,
    values: Vec<i32>,
    dim: usize,
}

impl PointValues {
    /// Returns the values of a point that was chosen.
    pub(super) fn of(&self, point: u32) -> &[i32] {
        let at = self.chosen.partition_point(|other| *other < point);
        self.values.get(at * self.dim..(at + 1) * self.dim).unwrap_or_default()
    }
}

impl<'a> Points<'a> {
    /// Makes the points of `rows`, where `weight` gives the weight of each row; reads the rows twice.
    pub(super) fn new(
        rows: &'a dyn Rows,
        metric: Metric,
        device: &Device,
        weight: impl Fn(usize) -> u64,
    ) -> Result<Self> {
        let mut sketch = GridSketch::new(rows.dim());
        if metric == Metric::L2 {
            SourceRows::all(rows).each_chunk(&mut |_, rows| {
                sketch.add_finite(rows);
                Ok(())
            })?;
        }
        let grid = match metric {
            Metric::L2 => sketch.grid(true),
            Metric::Cosine => crate::rq::Grid::new(vec![0.0; rows.dim()], crate::grid::UNIT_EXPONENT),
        };
        let quantization = Quantization { grid, metric, normalize_residuals: false };
        Self::of(Values::Rows(rows, quantization), rows.len(), device, weight)
    }

    /// The points that codes stand for, of which each weighs what `weight` says; computes them twice.
    pub(super) fn of_codes(codes: Integers<'a>, device: &Device, weight: impl Fn(usize) -> u64) -> Result<Self> {
        let len = codes.len();
        Self::of(Values::Integers(codes), len, device, weight)
    }

    fn of(values: Values<'a>, len: usize, device: &Device, weight: impl Fn(usize) -> u64) -> Result<Self> {
        let of_row = try_zeros(len, "points of rows")?;
        let mut points = Self { values, of_row, first: Vec::new(), weights: Vec::new() };
        points.number(device, weight)?;
        Ok(points)
    }

    /// Finds equal rows and numbers the points.
    fn number(&mut self, device: &Device, weight: impl Fn(usize) -> u64) -> Result<()> {
        let dim = self.dim();
        let mut known: HashMap<[u8; 32], u32> = HashMap::new();
        let (mut of_row, mut first, mut weights) = (std::mem::take(&mut self.of_row), Vec::new(), Vec::new());
        let mut places = of_row.iter_mut();
        self.each_chunk(None, device, &mut |start, q| {
            for ((i, q), place) in q.chunks_exact(dim).enumerate().zip(&mut places) {
                let digest = Sha256::digest(bytemuck::cast_slice::<i32, u8>(q)).into();
                known
                    .try_reserve(1)
                    .map_err(|_| out_of_memory::<([u8; 32], u32)>("different points", known.len() + 1))?;
                let point = *known.entry(digest).or_insert(first.len() as u32);
                if point as usize == first.len() {
                    try_reserve(&mut first, 1, "different points")?;
                    try_reserve(&mut weights, 1, "different points")?;
                    first.push(start + i);
                    weights.push(0);
                }
                if let Some(total) = weights.get_mut(point as usize) {
                    *total += weight(start + i);
                }
                *place = point;
            }
            Ok(())
        })?;
        (self.of_row, self.first, self.weights) = (of_row, first, weights);
        Ok(())
    }

    /// Returns the number of points, P.
    pub(super) fn len(&self) -> usize {
        self.first.len()
    }

    pub(super) fn dim(&self) -> usize {
        match &self.values {
            Values::Rows(rows, _) => rows.dim(),
            Values::Integers(codes) => codes.dim(),
        }
    }

    /// Returns the step of the grid of rows, in their unit; of unit rows for the cosine metric.
    pub(super) fn step(&self) -> f64 {
        match &self.values {
            Values::Rows(_, quantization) => crate::grid::pow2(-quantization.grid.exponent()),
            Values::Integers(_) => 1.0,
        }
    }

    /// Returns the first row that is this point.
    pub(super) fn first_row(&self, point: u32) -> usize {
        self.first.get(point as usize).copied().unwrap_or(0)
    }

    /// Reads the values of the `chosen` points, which may be named more than once; `what` names them in an error.
    pub(super) fn values(&self, mut chosen: Vec<u32>, what: &str, device: &Device) -> Result<PointValues> {
        chosen.sort_unstable();
        chosen.dedup();
        let dim = self.dim();
        let mut values = Vec::new();
        try_reserve(&mut values, chosen.len().saturating_mul(dim), what)?;
        self.each(Some(&chosen), device, &mut |_, q| {
            values.extend_from_slice(q);
            Ok(())
        })?;
        Ok(PointValues { chosen, values, dim })
    }

    /// Calls `use_points` with some of the points at a time, in order: with the place of the first among them and their
    /// grid values. The points are all, or the `chosen` ones, which ascend.
    pub(super) fn each(
        &self,
        chosen: Option<&[u32]>,
        device: &Device,
        use_points: &mut dyn FnMut(usize, &[i32]) -> Result<()>,
    ) -> Result<()> {
        let rows = match chosen {
            None => try_collect(self.first.iter().copied(), "rows of points")?,
            Some(chosen) => {
                let first = chosen.iter().filter_map(|point| self.first.get(*point as usize).copied());
                try_collect(first, "rows of points")?
            }
        };
        self.each_chunk(Some(rows), device, use_points)
    }

    /// Calls `use_points` with all rows, or the `chosen` ones, which ascend.
    fn each_chunk(
        &self,
        chosen: Option<Vec<usize>>,
        device: &Device,
        use_points: &mut dyn FnMut(usize, &[i32]) -> Result<()>,
    ) -> Result<()> {
        let (rows, quantization) = match &self.values {
            Values::Integers(codes) => return codes.each_chunk(chosen.as_deref(), use_points),
            Values::Rows(rows, quantization) => (*rows, quantization),
        };
        let source = match chosen {
            None => SourceRows::all(rows),
            Some(chosen) => SourceRows::chosen(rows, chosen),
        };
        let mut buffer = Vec::new();
        source.each_chunk(&mut |first, rows| {
            if buffer.len() < rows.len() {
                buffer = try_zeros(rows.len(), "a chunk of rows")?;
            }
            let q = buffer.get_mut(..rows.len()).unwrap_or_default();
            to_grid(device.engine(), quantization, rows, q);
            match quantization.scales_level(0) {
                true => use_points(first, &unit_length(device.engine(), q, self.dim())?),
                false => use_points(first, q),
            }
        })
    }
}

/// Scales the rows to unit length on the device.
fn unit_length(engine: &dyn Engine, q: &[i32], dim: usize) -> Result<Vec<i32>> {
    let rows = q.len() / dim;
    let mut table = engine.table(rows, dim, Purpose::Encode)?;
    table.upload(0, q)?;
    table.unit_length()?;
    table.gather(&(0..rows).collect::<Vec<_>>())
}
