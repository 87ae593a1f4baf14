//! IEEE-754 binary32 with subnormal results flushed to zero: the arithmetic of the element-wise steps of networks.
//!
//! # Exactness
//! Every result is the operation's exact result rounded to nearest, ties to even, as in IEEE-754. A result whose
//! magnitude is then below 2^-126 becomes a zero of its sign, and every NaN becomes 0x7fc00000. Operands are results of
//! this kind, so no operand is subnormal. Rust never fuses or reorders float operations, and every target that the
//! crate supports rounds add, sub, mul, div and sqrt correctly.

/// The only NaN.
pub(crate) const NAN: u32 = 0x7fc0_0000;

/// Flushes a subnormal to the zero of its sign, and makes every NaN the same.
///
/// It works on integers, because a compiler may replace one NaN by another where it chooses between floats.
#[inline(always)]
pub(crate) fn finish(x: f32) -> f32 {
    let (bits, magnitude) = (x.to_bits(), x.to_bits() & 0x7fff_ffff);
    let flushed = if magnitude < 0x0080_0000 { bits ^ magnitude } else { bits };
    f32::from_bits(if magnitude > 0x7f80_0000 { NAN } else { flushed })
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::hint::black_box;

    #[test]
    fn there_is_one_nan() {
        for bits in [0x7fc0_0000, 0xffc0_0000, 0x7f80_0001, 0xffff_ffff, 0x7fff_1234] {
            let nan = black_box(f32::from_bits(bits));
            let one = black_box(1.0);
            let results = [
                finish(nan),
                add(nan, one),
                sub(one, nan),
                mul(nan, one),
                div(one, nan),
                sqrt(nan),
                sqrt(black_box(-1.0)),
                sub(black_box(f32::INFINITY), black_box(f32::INFINITY)),
                div(black_box(0.0), black_box(-0.0)),
                finish(black_box(f64::NAN) as f32),
            ];
            assert_eq!(results.map(f32::to_bits), [NAN; 10], "{bits:#x}");
        }
    }
}
