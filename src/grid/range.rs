//! The smallest and the largest value of every dimension, and the grid that holds them all.

use super::exponent::finest;
use super::{Grid, RANGE, UNIT_EXPONENT};

/// Smallest and largest value per dimension; the same for any order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) min: Vec<f32>,
    pub(super) max: Vec<f32>,
}

impl Range {
    /// The range of no rows.
    pub(super) fn new(dim: usize) -> Self {
        Self { min: vec![f32::INFINITY; dim], max: vec![f32::NEG_INFINITY; dim] }
    }

    /// Widens the range by finite rows.
    pub(super) fn add(&mut self, rows: &[f32]) {
        for row in rows.chunks_exact(self.min.len()) {
            for ((x, min), max) in row.iter().zip(&mut self.min).zip(&mut self.max) {
                // + 0.0 turns a negative zero into zero, so that equal ranges have equal bits.
                let x = *x + 0.0;
                *min = if x < *min { x } else { *min };
                *max = if x > *max { x } else { *max };
            }
        }
    }

    /// Widens the range to one that also covers `other`, of as many dimensions.
    pub(super) fn merge(&mut self, other: &Self) {
        self.min.iter_mut().zip(&other.min).for_each(|(a, b)| *a = a.min(*b));
        self.max.iter_mut().zip(&other.max).for_each(|(a, b)| *a = a.max(*b));
    }

    /// Makes the grid with the middle of the range as its offset (zeros where `center` is off) and the largest exponent
    /// at which no value exceeds 2^20. Constant data have no range; their exponent is 20.
    pub(super) fn grid(&self, center: bool) -> Grid {
        let bounds =
            || self.min.iter().zip(&self.max).map(|(min, max)| if min <= max { (*min, *max) } else { (0.0, 0.0) });
        let offset: Vec<f32> = match center {
            true => bounds().map(|(a, b)| ((f64::from(a) + f64::from(b)) / 2.0) as f32 + 0.0).collect(),
            false => vec![0.0; self.min.len()],
        };
        let largest = bounds().zip(&offset).fold(0.0_f64, |largest, ((min, max), offset)| {
            let offset = f64::from(*offset);
            largest.max((f64::from(min) - offset).abs()).max((f64::from(max) - offset).abs())
        });
        Grid::new(offset, if largest == 0.0 { UNIT_EXPONENT } else { finest(largest, RANGE) })
    }
}
