//! Losses of rows: sums of squares or of magnitudes.

use super::scaled::{Shift, Width, from_exact, scaled};

/// The power of the values that is summed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Power {
    /// Magnitudes.
    One,
    /// Squares.
    #[default]
    Two,
}

/// Rounds every row to 16-bit scaled integers and sums their magnitudes or squares.
///
/// # Shapes
/// `x` (R, C) with C up to [`MAX_DIM`](crate::rq::MAX_DIM), `out` (R).
///
/// # Exactness
/// Squares are below 2^30, so sums of 2^13 of them are below 2^43 and exact in i64 and f64. The sum is rounded to f32
/// once.
pub(crate) fn row_losses(x: &[f32], power: Power, out: &mut [f32]) {
    let columns = (x.len() / out.len().max(1)).max(1);
    for (row, out) in x.chunks_exact(columns).zip(out) {
        let shift = Shift::of(row.iter().copied(), Width::Bits16);
        let integers = row.iter().map(|x| scaled(*x, shift, Width::Bits16));
        let (sum, unscale): (i64, f64) = match power {
            Power::One => (integers.map(i64::abs).sum(), shift.unscale()),
            Power::Two => (integers.map(|q| q * q).sum(), shift.unscale() * shift.unscale()),
        };
        *out = from_exact(sum as f64, unscale);
    }
}
