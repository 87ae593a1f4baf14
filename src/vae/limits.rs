//! Far values of the rows: which ones they are, and where inputs of a network end because of them.

use super::chunks::each_chunk;
use crate::error::Result;
use crate::grid::{GridSketch, Outlier, Saturation, is_far};
use crate::rows::Rows;

/// The smallest and the largest input of every dimension that a network is given; values beyond them are cut off.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Limits {
    pub(super) low: Vec<f32>,
    pub(super) high: Vec<f32>,
}

impl Limits {
    /// Cuts values off.
    ///
    /// # Exactness
    /// It compares f32 values and copies them.
    pub(super) fn cut(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.low.len().max(1)) {
            for ((x, low), high) in row.iter_mut().zip(&self.low).zip(&self.high) {
                *x = match *x {
                    x if x < *low => *low,
                    x if x > *high => *high,
                    x => x,
                };
            }
        }
    }

    /// Whether a file can hold them.
    pub(super) fn are_proper(&self) -> bool {
        let proper = |(low, high): (&f32, &f32)| low.is_finite() && high.is_finite() && low <= high;
        self.low.len() == self.high.len() && self.low.iter().zip(&self.high).all(proper)
    }
}

/// The far values of rows.
#[derive(Debug)]
pub(super) struct FarValues {
    /// The median of every dimension, and the distance from it beyond which a value is far.
    bounds: Vec<(f32, f64)>,
    /// Smallest and largest value of every dimension that is not far.
    low: Vec<f32>,
    high: Vec<f32>,
    /// Whether a dimension has far values.
    has: Vec<bool>,
    pub(super) saturation: Saturation,
}

impl FarValues {
    /// Begins with no rows; `sketch` is that of all rows, and [`GridSketch::far_limits`] says which values are far.
    pub(super) fn new(sketch: &GridSketch) -> Self {
        let dim = sketch.dim();
        Self {
            bounds: sketch.far_limits(),
            low: vec![f32::MAX; dim],
            high: vec![f32::MIN; dim],
            has: vec![false; dim],
            saturation: Saturation::default(),
        }
    }

    /// Finds the far values of all rows.
    pub(super) fn of(rows: &dyn Rows) -> Result<Self> {
        let mut far = Self::new(&sketch(rows)?);
        each_chunk(rows, &mut |first, chunk| {
            far.add(first, chunk);
            Ok(())
        })?;
        Ok(far)
    }

    /// Adds rows, of which the first has the number `first`.
    pub(super) fn add(&mut self, first: usize, rows: &[f32]) {
        for (i, row) in rows.chunks_exact(self.bounds.len().max(1)).enumerate() {
            let mut any = false;
            let ends = self.low.iter_mut().zip(&mut self.high).zip(&mut self.has);
            for ((x, bound), ((low, high), has)) in row.iter().zip(&self.bounds).zip(ends) {
                if is_far(*bound, *x) {
                    (any, *has) = (true, true);
                } else {
                    // + 0.0 turns a negative zero into zero, so that the order of the rows does not matter.
                    let x = *x + 0.0;
                    (*low, *high) = (low.min(x), high.max(x));
                }
            }
            if any {
                self.count(first + i, row);
            }
        }
    }

    /// Counts the far values of a row.
    fn count(&mut self, number: usize, row: &[f32]) {
        let times = |((column, x), bound): ((usize, &f32), &(f32, f64))| {
            let times = (f64::from(*x) - f64::from(bound.0)).abs() / bound.1;
            is_far(*bound, *x).then_some((times, Outlier { row: number as u64, column, value: *x }))
        };
        let far: Vec<(f64, Outlier)> = row.iter().enumerate().zip(&self.bounds).filter_map(times).collect();
        let farther = |a: (f64, Outlier), b: (f64, Outlier)| if b.0 > a.0 { b } else { a };
        let count = far.len() as u64;
        if let Some((times, outlier)) = far.into_iter().reduce(farther) {
            self.saturation.add(count, times, outlier);
        }
    }

    /// The limits of the inputs: none where no value is far. In a dimension with far values, they are the smallest and
    /// the largest of the others; any other dimension has no limits.
    pub(super) fn limits(&self) -> Option<Limits> {
        let end = |end: &f32, has: &bool, none: f32| if *has { *end } else { none };
        let low = self.low.iter().zip(&self.has).map(|(low, has)| end(low, has, f32::MIN)).collect();
        let high = self.high.iter().zip(&self.has).map(|(high, has)| end(high, has, f32::MAX)).collect();
        self.has.contains(&true).then_some(Limits { low, high })
    }
}

/// The sketch of all rows.
pub(super) fn sketch(rows: &dyn Rows) -> Result<GridSketch> {
    let mut sketch = GridSketch::new(rows.dim());
    each_chunk(rows, &mut |_, rows| {
        sketch.add_finite(rows);
        Ok(())
    })?;
    Ok(sketch)
}
