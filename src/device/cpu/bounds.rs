//! Roundings of f32 and f64, and the coefficients that bound the error of a score.

/// Unit roundoff of binary32, round to nearest.
pub(super) const U: f64 = 1.0 / 16_777_216.0;

/// Values that lists of coefficients are filled up to, with zeros: the codewords of a group of [`super::pairs`] and
/// [`super::integers`].
pub(super) const GROUP: usize = super::pairs::COLUMNS;

/// Coefficients of the lower bounds of the scores of K codewords, see [`super::panel::Panel`]; with zeros up to whole
/// groups.
#[derive(Default)]
pub(super) struct Coefficients {
    /// `|c|^2 - slack`.
    pub(super) norm: Vec<f32>,
    pub(super) slope: Vec<f32>,
    pub(super) tilt: Vec<f32>,
}

impl Coefficients {
    pub(super) fn push(&mut self, norm: f32, slope: f32, tilt: f32) {
        self.norm.push(norm);
        self.slope.push(slope);
        self.tilt.push(tilt);
    }

    /// Fills the last group up.
    pub(super) fn fill_up(&mut self) {
        for list in [&mut self.norm, &mut self.slope, &mut self.tilt] {
            list.resize(list.len().next_multiple_of(GROUP), 0.0);
        }
    }
}

/// A lower bound of a row's squared length, from an upper bound of its length that [`up`] made.
#[inline(always)]
pub(super) fn square_at_least(length: f32) -> f64 {
    // `length` exceeds the row's length by at most 3.1 u relative, its square the row's by 6.3 u.
    f64::from(length) * f64::from(length) * (1.0 - 7.0 * U)
}

/// No vector within the squared distance `square` of a row has a score above this; `length` is an upper bound of the
/// row's length that [`up`] made.
#[inline(always)]
pub(super) fn score_at_most(square: f64, length: f32) -> f32 {
    let shorter = square_at_least(length);
    // 1e-12 of both terms is more than their roundings and that of the difference.
    let limit = square - shorter + 1e-12 * (square + shorter);
    let rounded = limit as f32;
    if f64::from(rounded) < limit { rounded.next_up() } else { rounded }
}

/// A positive f64 as an f32 that is not smaller.
#[inline(always)]
pub(super) fn up(value: f64) -> f32 {
    // One rounding of at most u relative: half of what is added.
    (value * (1.0 + 2.0 * U)) as f32
}

/// A positive f64 as an f32 that is not larger.
#[inline(always)]
pub(super) fn down(value: f64) -> f32 {
    (value * (1.0 - 2.0 * U)) as f32
}
