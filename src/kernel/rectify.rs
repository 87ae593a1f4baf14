//! Rectified linear units: ReLU where the slope is 0, leaky ReLU otherwise.

use super::float::{finish, mul};

/// Keeps what is above zero and multiplies the rest by `slope`.
///
/// # Exactness
/// A comparison and one product of [`super::float`]; with slope 0 the rest becomes +0, and NaN stays NaN.
#[inline(always)]
pub(crate) fn rectify(x: &mut [f32], slope: f32) {
    x.iter_mut().for_each(|x| *x = below(*x > 0.0, *x, slope, *x));
}

/// Turns the gradient of a [`rectify`]'s output into that of its input. An `output` above zero tells that the input
/// was.
///
/// # Shapes
/// `gradient` and `output` have one shape.
#[inline(always)]
pub(crate) fn rectify_gradient(gradient: &mut [f32], output: &[f32], slope: f32) {
    gradient.iter_mut().zip(output).for_each(|(g, y)| *g = below(*y > 0.0, *g, slope, *g));
}

#[inline(always)]
fn below(keep: bool, x: f32, slope: f32, nan: f32) -> f32 {
    let scaled = match slope == 0.0 {
        true if nan.is_nan() => finish(nan),
        true => 0.0,
        false => mul(x, slope),
    };
    if keep { x } else { scaled }
}
