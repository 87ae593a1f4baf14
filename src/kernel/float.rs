//! IEEE-754 binary32 with subnormal results flushed to zero: what element-wise steps of networks compute with.
//!
//! # Exactness
//! Every result is the operation's exact result rounded to nearest, ties to even, as IEEE-754 has it; where its
//! magnitude is then below 2^-126 it is a zero of its sign, and where it is NaN it is the one NaN 0x7fc00000. Operands are
//! results of this kind, so no operand is subnormal. Rust never fuses or reorders float operations, and every target
//! that the crate supports rounds add, sub, mul, div and sqrt correctly.

/// The only NaN.
pub(crate) const NAN: u32 = 0x7fc0_0000;

/// Flushes a subnormal to the zero of its sign, and makes every NaN the same.
#[inline(always)]
pub(crate) fn finish(x: f32) -> f32 {
    let flushed = if x.abs() < f32::MIN_POSITIVE { 0.0_f32.copysign(x) } else { x };
    if x.is_nan() { f32::from_bits(NAN) } else { flushed }
}

#[inline(always)]
pub(crate) fn add(a: f32, b: f32) -> f32 {
    finish(a + b)
}

#[inline(always)]
pub(crate) fn sub(a: f32, b: f32) -> f32 {
    finish(a - b)
}

#[inline(always)]
pub(crate) fn mul(a: f32, b: f32) -> f32 {
    finish(a * b)
}

#[inline(always)]
pub(crate) fn div(a: f32, b: f32) -> f32 {
    finish(a / b)
}

#[inline(always)]
pub(crate) fn sqrt(a: f32) -> f32 {
    finish(a.sqrt())
}
