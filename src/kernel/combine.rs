//! Element-wise operations on two matrices, of which the second may be a row for all rows or a value for all elements.

use super::float::{add, div, finish, mul, sqrt, sub};

/// The operation on a pair of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Add,
    Sub,
    Mul,
    /// The sign of a times b; +0 where a is zero.
    SignTimes,
    /// `1 / sqrt(a + b)`.
    InverseRoot,
}

/// Replaces every element of `a` by `a op b`.
///
/// # Shapes
/// `a` (R, C); `b`, another matrix, (R, C), or (1, C) for every row, or (1, 1) for every element.
///
/// # Exactness
/// Every operation is one of [`super::float`].
#[inline(always)]
pub(crate) fn combine(op: Op, a: &mut [f32], b: &[f32]) {
    match op {
        Op::Add => each(a, b, add),
        Op::Sub => each(a, b, sub),
        Op::Mul => each(a, b, mul),
        Op::SignTimes => each(a, b, sign_times),
        Op::InverseRoot => each(a, b, |a, b| div(1.0, sqrt(add(a, b)))),
    }
}

#[inline(always)]
fn sign_times(a: f32, b: f32) -> f32 {
    let signed = if a < 0.0 { -b } else { b };
    let of_number = if a == 0.0 { 0.0 } else { finish(signed) };
    if a.is_nan() { finish(a) } else { of_number }
}

#[inline(always)]
fn each(a: &mut [f32], b: &[f32], f: impl Fn(f32, f32) -> f32) {
    match b {
        [b] => a.iter_mut().for_each(|a| *a = f(*a, *b)),
        _ => a.chunks_mut(b.len().max(1)).for_each(|a| a.iter_mut().zip(b).for_each(|(a, b)| *a = f(*a, *b))),
    }
}
