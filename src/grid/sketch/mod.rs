//! The sketch that a grid is chosen from: the range of all rows, and a sample of them.

mod bytes;
mod distinct;
mod reach;

use super::exponent::finest;
use super::narrow::{BESIDE, FEW_STEPS, NarrowDimension, STEPS};
use super::range::Range;
use super::{BEYOND, Grid, pow2, quantize_value, steps};
use crate::error::{ErrorKind, Result};
use distinct::Distinct;
use rayon::prelude::*;
use reach::{DimensionReach, LEAST, smallest};

/// How many values one task takes.
const TASK: usize = 1 << 15;

/// A summary of rows, from which their grid is chosen. Sketches of parts of the rows merge to the sketch of all rows.
///
/// A sketch holds the smallest and the largest value of every dimension, and a sample: the distinct rows with the
/// smallest hashes, at most 65,536 of them. A row that occurs often counts once.
///
/// # Shapes
/// Rows (N, D), in any number of pieces.
///
/// # Exactness
/// The sketch and its grid depend on the set of the rows alone: not on their order, their number of copies, or the
/// pieces and machines that they came through.
///
/// The grid of rows without far outliers has the middle of every dimension's range as its offset, and the largest
/// exponent e at which no value exceeds 2^20 steps. By this rule alone, one far value would make the grid coarse for
/// all others. A second rule therefore takes over where it gives a larger e:
///
/// - The offset of a dimension is the median of the sample (the lower of two middle ones).
/// - `near` and `far` are the 75 % and the 99.5 % quantile (nearest rank) of the sample's distances `|x - offset|` in a
///   dimension, in binary64. Where the 75 % quantile is 0, because most values are equal, `near` is the 95 % quantile.
///   The *reach* of the dimension, up to which values are expected, is `far max(2^12, 16 (far / near)^2)`: heavy tails
///   reach far, because a power law through both quantiles goes on beyond them. Values beyond `64 near` belong to no
///   tail: where `far > 64 near`, the reach is `64 near 2^12`. It is 0 where `near` is 0.
/// - With the largest reach of all dimensions, e is the largest exponent at which `reach 2^e` does not exceed 3 * 2^21.
///   Where every reach is 0, the largest `far 2^12` takes its place.
///
/// Without centring, offsets are 0 in both rules. Where the second rule chose the grid, values beyond 3 * 2^21 steps
/// saturate.
///
/// # References
/// K. Beyer et al., On Synopses for Distinct-Value Estimation Under Multiset Operations, SIGMOD 2007: rows with the
/// smallest hashes as a sample of the distinct ones.
///
/// ```
/// use semid::shards::GridSketch;
///
/// let (rows, more) = ([0.5_f32, -1.0, 2.0, 0.25], [1.5_f32, 1e9]);
/// let mut sketch = GridSketch::new(2);
/// sketch.add(&rows)?;
/// let mut other = GridSketch::from_bytes(&GridSketch::new(2).to_bytes())?;
/// other.add(&more)?;
/// sketch.merge(&other)?;
///
/// let mut whole = GridSketch::new(2);
/// whole.add(&[more.as_slice(), &rows].concat())?;
/// assert_eq!(sketch.grid(true), whole.grid(true));
/// # Ok::<(), semid::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct GridSketch {
    range: Range,
    sample: Distinct,
}

impl GridSketch {
    /// Makes the sketch of no rows; `dim`, the number of dimensions, is at least 1.
    pub fn new(dim: usize) -> Self {
        let dim = dim.max(1);
        Self { range: Range::new(dim), sample: Distinct::new(dim) }
    }

    /// Number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.range.min.len()
    }

    /// Adds rows.
    ///
    /// # Errors
    /// [`ErrorKind::Length`] where `rows` is no whole number of rows, [`ErrorKind::NotFinite`] for NaN and infinities.
    pub fn add(&mut self, rows: &[f32]) -> Result<()> {
        if !rows.len().is_multiple_of(self.dim()) {
            return Err(ErrorKind::Length { len: rows.len(), dim: self.dim() }.into());
        }
        super::check_finite(0, rows, self.dim())?;
        self.add_finite(rows);
        Ok(())
    }

    /// Adds whole rows without NaN and infinities.
    pub(crate) fn add_finite(&mut self, rows: &[f32]) {
        self.range.add(rows);
        self.sample.add(rows);
    }

    /// Adds finite rows on all threads.
    pub(crate) fn add_finite_in_parts(&mut self, rows: &[f32]) {
        let task = (TASK / self.dim()).max(1) * self.dim();
        let part = |rows: &[f32]| {
            let mut range = Range::new(self.dim());
            range.add(rows);
            (range, self.sample.hashes(rows))
        };
        let parts: Vec<(Range, Vec<u64>)> = rows.par_chunks(task).map(part).collect();
        for (rows, (range, hashes)) in rows.chunks(task).zip(parts) {
            self.range.merge(&range);
            self.sample.add_hashed(rows, &hashes);
        }
    }

    /// Adds all rows of another sketch.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`] where it is of another number of dimensions.
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        if self.dim() != other.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.dim(), found: other.dim() }.into());
        }
        self.range.merge(&other.range);
        self.sample.merge(&other.sample);
        Ok(())
    }

    /// Chooses the grid of the rows; offsets are 0 where `center` is off.
    pub fn grid(&self, center: bool) -> Grid {
        self.grid_of(&self.sample.rows(), 0..self.dim(), center)
    }

    /// Chooses a grid for each dimension alone.
    pub(crate) fn grids(&self) -> Vec<Grid> {
        let rows = self.sample.rows();
        (0..self.dim()).map(|d| self.grid_of(&rows, d..d + 1, true)).collect()
    }

    /// Returns for each dimension the median of the sample and the distance from it beyond which a value is a far one:
    /// `far max(2^3, r^2)` with `r = far / near`, at most 2^6, and 2^6 where `near` is 0. It is infinite where `far` is
    /// 0. No dimension of fewer than 200 different rows has far values, because `far` is then its largest distance.
    pub(crate) fn far_limits(&self) -> Vec<(f32, f64)> {
        let rows = self.sample.rows();
        let of = |d: usize| {
            let column = DimensionReach::new(rows.iter().filter_map(|row| row.get(d).copied()).collect(), true);
            (column.offset, column.limit)
        };
        (0..self.dim()).map(of).collect()
    }

    /// Returns the mean over the dimensions of the squared width of the values, in squared steps of `grid`; far
    /// outliers hardly move it. The width of a dimension is the distance on the grid between the 5 % and the 95 %
    /// quantile (nearest rank) of the sample. Where most values are equal, so that these quantiles are, it is the
    /// distance between the smallest and the largest value.
    ///
    /// # Exactness
    /// The squares and their sum are integers; binary64 divides them once.
    pub(crate) fn squared_width(&self, grid: &Grid) -> f64 {
        self.widths(grid).into_iter().map(|width| width.pow(2)).sum::<u64>() as f64 / self.dim() as f64
    }

    /// Returns the dimensions whose values are not all equal, but differ by few steps of `grid`: by fewer than 1,024
    /// and less than a sixteenth of the widest dimension, or by fewer than 64. The narrowest come first, on a tie the
    /// lower one.
    pub fn narrow(&self, grid: &Grid) -> Vec<NarrowDimension> {
        let rows = self.sample.rows();
        let scale = pow2(grid.exponent());
        let of = |(column, offset): (usize, &f32)| {
            let [low, high] = self.middle(&rows, column)?;
            // These values may lie beyond the grid.
            let [low, high] = [low, high].map(|x| steps(x, *offset, scale));
            Some(NarrowDimension { column, steps: (high - low) as u64 })
        };
        let mut all: Vec<_> = grid.offset().iter().enumerate().filter_map(of).collect();
        let widest = all.iter().map(|dimension| dimension.steps).max().unwrap_or(0);
        all.retain(|at| at.steps < FEW_STEPS || (at.steps < STEPS && at.steps < widest / BESIDE));
        all.sort_by_key(|dimension| dimension.steps);
        all
    }

    /// Returns two different values of a dimension between which many lie: the 25 % and the 75 % quantile of the
    /// sample, or else the 5 % and the 95 % quantile, or else the smallest and the largest value.
    fn middle(&self, rows: &[&[f32]], d: usize) -> Option<[f32; 2]> {
        let mut values: Vec<f32> = rows.iter().filter_map(|row| row.get(d).copied()).collect();
        let count = values.len();
        let mut quantile = |percent: usize| smallest(&mut values, (count * percent).div_ceil(100), f32::total_cmp);
        let all = [*self.range.min.get(d)?, *self.range.max.get(d)?];
        let bounds = [[quantile(25), quantile(75)], [quantile(5), quantile(95)], all];
        bounds.into_iter().find(|[low, high]| low < high)
    }

    /// Returns the dimensions with a value beyond `grid`, ascending.
    pub fn beyond(&self, grid: &Grid) -> Vec<usize> {
        let scale = pow2(grid.exponent());
        let far = |column: &usize| {
            let offset = grid.offset().get(*column).copied().unwrap_or_default();
            let far = |bound: &[f32]| {
                bound.get(*column).is_some_and(|x| x.is_finite() && steps(*x, offset, scale).abs() > BEYOND)
            };
            far(&self.range.min) || far(&self.range.max)
        };
        (0..self.dim()).filter(far).collect()
    }

    /// The width of every dimension, as [`GridSketch::squared_width`] says.
    fn widths(&self, grid: &Grid) -> Vec<u64> {
        let rows = self.sample.rows();
        let scale = pow2(grid.exponent());
        let width = |d: usize, offset: f32| {
            let mut values: Vec<f32> = rows.iter().filter_map(|row| row.get(d).copied()).collect();
            let count = values.len();
            let mut quantile = |percent: usize| smallest(&mut values, (count * percent).div_ceil(100), f32::total_cmp);
            let all = (self.range.min.get(d).copied(), self.range.max.get(d).copied());
            let bounds = [(quantile(5), quantile(95)), (all.0.unwrap_or_default(), all.1.unwrap_or_default())];
            let steps = |x: f32| i64::from(quantize_value(x, offset, scale));
            let widths = bounds.map(|(low, high)| steps(high) - steps(low));
            widths.into_iter().find(|width| *width > 0).unwrap_or(0).unsigned_abs()
        };
        grid.offset().iter().enumerate().map(|(d, offset)| width(d, *offset)).collect()
    }

    /// Chooses the grid for some of the dimensions; `rows` are those of the sample.
    fn grid_of(&self, rows: &[&[f32]], dims: std::ops::Range<usize>, center: bool) -> Grid {
        let bounds = |values: &[f32]| values.get(dims.clone()).unwrap_or_default().to_vec();
        let usual = Range { min: bounds(&self.range.min), max: bounds(&self.range.max) }.grid(center);
        // The largest reach at which the second rule's exponent does not exceed that of the first.
        let wide = |reach: f64| reach == 0.0 || finest(reach, super::SATURATION) <= usual.exponent();
        let (mut reach, mut far, mut offset) = (0.0_f64, 0.0_f64, Vec::with_capacity(dims.len()));
        for dim in dims {
            let column = DimensionReach::new(rows.iter().filter_map(|row| row.get(dim).copied()).collect(), center);
            reach = reach.max(column.reach);
            far = far.max(column.far);
            offset.push(column.offset);
            // One dimension that reaches far enough decides, whatever the others are.
            if reach > 0.0 && wide(reach) {
                return usual;
            }
        }
        let reach = if reach > 0.0 { reach } else { far * LEAST };
        match wide(reach) {
            true => usual,
            false => Grid::new(offset, finest(reach, super::SATURATION)),
        }
    }
}

impl PartialEq for GridSketch {
    fn eq(&self, other: &Self) -> bool {
        self.to_bytes() == other.to_bytes()
    }
}
