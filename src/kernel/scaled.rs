//! Scaled integers: how vectors of f32 become operands of exact sums and products.

use super::float::finish;
use crate::grid::pow2;

/// Bits of a scaled integer, sign included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Width {
    Bits8,
    Bits16,
}

impl Width {
    pub(crate) fn bits(self) -> i32 {
        match self {
            Self::Bits8 => 8,
            Self::Bits16 => 16,
        }
    }

    /// Largest magnitude of an integer: 127 or 32,767.
    pub(crate) fn limit(self) -> f64 {
        pow2(self.bits() - 1) - 1.0
    }

    /// Integers in a word of 32 bits.
    pub(crate) const fn per_word(self) -> usize {
        match self {
            Self::Bits8 => 4,
            Self::Bits16 => 2,
        }
    }

    /// Returns the words of a row of `dim` dimensions.
    pub(crate) fn words(self, dim: usize) -> usize {
        dim.div_ceil(self.per_word())
    }
}

/// The shift of a vector: its values times 2^shift, rounded, are its integers.
///
/// # Exactness
/// The shift depends on the largest magnitude alone: for one in [2^E, 2^(E+1)) it is `bits - 2 - E`, so that the
/// largest integer is in [2^(bits-2), 2^(bits-1)). E is in -126 ..= 127, so that two shifts add up to -226 ..= 280 at
/// 16 bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shift {
    By(i32),
    /// The vector holds NaN or an infinity: every result that it enters is NaN.
    Bad,
}

impl Shift {
    /// Returns the shift of a vector whose largest magnitude has these bits, which are those of an f32 without its
    /// sign.
    #[inline(always)]
    pub(crate) fn of_largest(magnitude: u32, width: Width) -> Self {
        match (magnitude >> 23) as i32 {
            // No operand is subnormal: all values are zero, and any shift will do.
            0 => Self::By(0),
            255 => Self::Bad,
            exponent => Self::By(width.bits() - 2 - (exponent - 127)),
        }
    }

    pub(crate) fn of(vector: impl Iterator<Item = f32>, width: Width) -> Self {
        Self::of_largest(vector.map(magnitude).max().unwrap_or(0), width)
    }

    /// Returns 2^shift, which scales a vector; 0 for a bad one.
    #[inline(always)]
    pub(crate) fn scale(self) -> f64 {
        match self {
            Self::By(shift) => pow2(shift),
            Self::Bad => 0.0,
        }
    }

    /// Returns 2^-shift, which scales results back; NaN for a bad vector.
    #[inline(always)]
    pub(crate) fn unscale(self) -> f64 {
        match self {
            Self::By(shift) => pow2(-shift),
            Self::Bad => f64::NAN,
        }
    }
}

/// Returns the bits of `x` without its sign. Their order as integers is that of the magnitudes, infinities and NaN
/// last.
#[inline(always)]
pub(crate) fn magnitude(x: f32) -> u32 {
    x.to_bits() & 0x7fff_ffff
}

/// `clamp(round_half_even(x 2^shift), -(2^(bits-1) - 1), 2^(bits-1) - 1)`; 0 in a bad vector.
pub(crate) fn scaled(x: f32, shift: Shift, width: Width) -> i64 {
    match shift {
        Shift::By(_) => (f64::from(x) * shift.scale()).round_ties_even().clamp(-width.limit(), width.limit()) as i64,
        Shift::Bad => 0,
    }
}

/// `exact * 2^-(sum of shifts)` as f32, rounded once.
///
/// # Exactness
/// `exact` is within 2^53 and `unscale`, the product of powers of two, within 2^-280 ..= 2^226, so their product is
/// exact in f64 and the conversion to f32 is the only rounding.
#[inline(always)]
pub(crate) fn from_exact(exact: f64, unscale: f64) -> f32 {
    finish((exact * unscale) as f32)
}
