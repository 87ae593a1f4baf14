//! Values beyond the grid: how many there are, and the worst.

use super::{Grid, SATURATION, pow2, steps};
use std::cmp::Ordering;

/// Rows that are named at most.
const NAMED: usize = 8;

/// A value that lies beyond the grid of its model and was taken as the grid's largest: the farthest one of its row.
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
/// Counted and ordered by integers and by binary64 steps of single values, so the parts of the rows may come in any
/// order.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Saturation {
    /// Values that saturated.
    pub(crate) values: u64,
    /// Whether a value is farther than any on the grid of rows without far outliers, saturated or not.
    pub(crate) far: bool,
    /// Steps from the offset and the value, farthest first, the lowest row first where they are as far.
    worst: Vec<(f64, Outlier)>,
}

impl Saturation {
    /// That of rows of which `values` values saturated; row i of them has the number `number(i)`.
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

    /// Takes other rows into account.
    pub(crate) fn merge(&mut self, other: Self) {
        self.values += other.values;
        self.far |= other.far;
        other.worst.into_iter().for_each(|one| self.insert(one));
    }

    /// Steps from the offset and value of each of the worst rows.
    pub(crate) fn worst(&self) -> &[(f64, Outlier)] {
        &self.worst
    }

    /// What [`Saturation::worst`] gave; `None` where it can have given no such thing.
    pub(crate) fn from_parts(values: u64, far: bool, worst: Vec<(f64, Outlier)>) -> Option<Self> {
        let beyond = |(steps, outlier): &(f64, Outlier)| {
            *steps > f64::from(SATURATION) && steps.is_finite() && outlier.value.is_finite()
        };
        let ascends = worst.is_sorted_by(|a, b| order(a, b) == Ordering::Less);
        let fits = worst.len() <= NAMED && worst.len() as u64 <= values && worst.iter().all(beyond) && ascends;
        (fits && (far || values == 0)).then_some(Self { values, far, worst })
    }

    /// The farthest value of each of the worst rows, up to 8, farthest first.
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

/// The value of a row that is the most steps away from the offset, the first one of several: steps, column, value.
fn farthest(grid: &Grid, row: &[f32]) -> Option<(f64, usize, f32)> {
    let scale = pow2(grid.exponent());
    let far = |(column, (x, offset)): (usize, (&f32, &f32))| (steps(*x, *offset, scale).abs(), column, *x);
    let nearer = |best: (f64, usize, f32), next: (f64, usize, f32)| if next.0 > best.0 { next } else { best };
    row.iter().zip(grid.offset()).enumerate().map(far).reduce(nearer)
}
