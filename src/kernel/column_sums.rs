//! Sums of the columns of a matrix.

use super::scaled::{Shift, Width, from_exact, scaled};

/// Rounds every column to 16-bit scaled integers and sums them.
///
/// # Shapes
/// `x` (R, C) with R up to [`super::matmul::MAX_TERMS`], `out` (C).
///
/// # Exactness
/// Magnitudes are below 2^15, so sums of 2^16 integers stay within i32. The sum is rounded to f32 once.
pub(crate) fn column_sums(x: &[f32], out: &mut [f32]) {
    let columns = out.len();
    for (j, out) in out.iter_mut().enumerate() {
        let column = || x.iter().skip(j).step_by(columns).copied();
        let shift = Shift::of(column(), Width::Bits16);
        let sum: i64 = column().map(|x| scaled(x, shift, Width::Bits16)).sum();
        *out = from_exact(sum as f64, shift.unscale());
    }
}
