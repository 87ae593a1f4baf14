//! The number of the values beyond the grid, and the worst of them.

use super::{Grid, SATURATION, pow2, steps};
use std::cmp::Ordering;

/// Most rows that are named.
const NAMED: usize = 8;
/// More values than all rows of a fit have: 2^37 rows of up to 2^13.
const MOST_VALUES: u64 = 1 << 50;

/// A value beyond the grid of its model, for which the largest value of the grid was taken. It is the farthest value of
/// its row.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Outlier {
    /// Number of the row, from 0.
    pub row: u64,
    /// Its column, from 0.
    pub column: usize,
    /// The value, in units of the embeddings.
    pub value: f32,
}

/// Values beyond the grid.
///
/// # Exactness
/// The count is an integer, and the order compares single values by their distances in binary64, so the parts of the
/// rows may come in any order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Saturation {
    /// Values that saturated.
    pub(crate) values: u64,
    /// Whether a value is more than 2^20 steps from the offset, which no value of rows without far outliers is.
    pub(crate) far: bool,
    /// Distance from the offset in steps and value of the worst rows, farthest first and the lowest row first on a tie.
    worst: Vec<(f64, Outlier)>,
}

impl Saturation {
    /// Describes rows of which `values` values saturated; row i of them has the number `number(i)`.
    pub(crate) fn of(grid: &Grid, rows: &[f32], values: u64, number: impl Fn(usize) -> usize) -> Self {
        let mut all = Self { values, far: values > 0, worst: Vec::new() };
        if values == 0 {
            return all;
        }
        let found = rows.chunks_exact(grid.dim()).enumerate().filter_map(|(i, row)| {
            let (far, column, value) = farthest(grid, row)?;
            (far > f64::from(SATURATION) + 0.5).then(|| (far, Outlier { row: number(i) as u64, column, value }))
        });
        found.for_each(|one| all.insert(one));
        all
    }

    /// Adds a row with `values` values beyond the limits; `outlier` is its worst one, and `far` says how far it is.
    pub(crate) fn add(&mut self, values: u64, far: f64, outlier: Outlier) {
        (self.values, self.far) = (self.values + values, true);
        self.insert((far, outlier));
    }

    /// Adds the values of other rows. Counts of damaged replies may add up to more than the values of any rows.
    pub(crate) fn merge(&mut self, other: Self) {
        self.values = self.values.saturating_add(other.values);
        self.far |= other.far;
        other.worst.into_iter().for_each(|one| self.insert(one));
    }

    /// Returns the distance from the offset in steps and the value of each of the worst rows.
    pub(crate) fn worst(&self) -> &[(f64, Outlier)] {
        &self.worst
    }

    /// Restores a saturation from its parts, of which [`Saturation::worst`] gave the last; returns `None` for parts
    /// that no rows can have.
    pub(crate) fn from_parts(values: u64, far: bool, worst: Vec<(f64, Outlier)>) -> Option<Self> {
        let beyond = |(steps, outlier): &(f64, Outlier)| {
            *steps > f64::from(SATURATION) && steps.is_finite() && outlier.value.is_finite()
        };
        let ascends = worst.is_sorted_by(|a, b| order(a, b) == Ordering::Less);
        let fits = worst.len() <= NAMED && worst.len() as u64 <= values && worst.iter().all(beyond) && ascends;
        (fits && values <= MOST_VALUES && (far || values == 0)).then_some(Self { values, far, worst })
    }

    /// Returns the farthest value of each of the worst rows, up to 8, farthest first.
    pub(crate) fn outliers(&self) -> Vec<Outlier> {
        self.worst.iter().map(|(_, outlier)| *outlier).collect()
    }

    fn insert(&mut self, one: (f64, Outlier)) {
        let before = |other: &(f64, Outlier)| order(other, &one) == Ordering::Less;
        let place = self.worst.partition_point(before);
        if place < NAMED {
            self.worst.insert(place, one);
            self.worst.truncate(NAMED);
        }
    }
}

fn order(a: &(f64, Outlier), b: &(f64, Outlier)) -> Ordering {
    b.0.total_cmp(&a.0).then_with(|| a.1.row.cmp(&b.1.row))
}

/// Finds the value of a row that is the most steps away from the offset, the first one of several; returns its steps,
/// column and value.
fn farthest(grid: &Grid, row: &[f32]) -> Option<(f64, usize, f32)> {
    let scale = pow2(grid.exponent());
    let far = |(column, (x, offset)): (usize, (&f32, &f32))| (steps(*x, *offset, scale).abs(), column, *x);
    let nearer = |best: (f64, usize, f32), next: (f64, usize, f32)| if next.0 > best.0 { next } else { best };
    row.iter().zip(grid.offset()).enumerate().map(far).reduce(nearer)
}
