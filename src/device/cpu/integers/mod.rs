//! Approximate inner products through exact products of small integers: rows and codewords as integers of 8 or 16 bits,
//! each vector with a scale of its own and a measured bound of what rounding took from it.
//!
//! # Contract
//! A row is `r = a r' + e` with integers r', a scale a and `|e| <= error`; a codeword is `c = b c' + f` with integers
//! c', a scale b and `|f| <= spread` ([`round`]). Integers of 8 bits are within 127; those of 16 bits are within 32,700
//! and their vectors no longer than 46,046. [`packed`] computes `r'.c'` exactly in i32 and makes of `a b r'.c'` a lower
//! bound of a score in f32, whose error [`super::panel`] bounds: the bound uses what was *measured* of each vector,
//! not the worst case of its width, and that is why 8 bits are enough for most rows.
//!
//! # Exactness of the sums
//! *16 bits.* By Cauchy-Schwarz every partial sum of `r'.c'` is within `46,046^2 < 2^31`.
//!
//! *8 bits.* The multipliers of processors take one factor without a sign, so codewords are stored as `c' + 128`,
//! within 1 and 255, and a row's sums start at `-128 (r'_1 + ... + r'_D)`. Their results are `r'.c'`, within `127^2 *
//! 8192 < 2^31`; a start is within `128 * 127 * 8192`, and all products together within `255 * 127 * 8192`, so that no
//! partial sum in any order leaves i32 either. Dimensions that fill up the last word of a row have `r' = 0` and add
//! nothing.
//!
//! Nothing else in here can differ between processors: sums of integers have no order, and each float operation is one
//! IEEE operation that Rust neither fuses nor reorders. So a bound that is computed twice is the same bound, and
//! comparing it is comparing one number. A test compares every multiplier with [`multiply::Portable`], bit for bit.

mod lower;
mod multiply;
mod packed;
mod round;
#[cfg(target_arch = "wasm32")]
mod simd128;
#[cfg(target_arch = "x86_64")]
pub(super) mod vnni;

pub(super) use crate::kernel::scaled::Width;
pub(super) use packed::Packed;
pub(super) use round::{Scaled, round};

/// Rows as integers.
#[derive(Clone, Copy)]
pub(super) struct Integers<'a> {
    /// Upper bounds of the rows' lengths (n).
    pub(super) lengths: &'a [f32],
    /// The words of the rows.
    pub(super) words: &'a [i32],
    /// What belongs to each row (n).
    pub(super) scaled: &'a [Scaled],
}

/// The instructions that multiply integers.
#[derive(Clone, Copy)]
pub(super) enum Instructions {
    /// Any processor's.
    Portable,
    /// VNNI on 512-bit vectors, for 8 bits.
    #[cfg(target_arch = "x86_64")]
    Vnni512,
    /// VNNI on 256-bit vectors, for 8 bits.
    #[cfg(target_arch = "x86_64")]
    Vnni256,
    /// AVX2, for 16 bits.
    #[cfg(target_arch = "x86_64")]
    Avx2(pulp::x86::V3),
    /// The 128-bit vectors of WebAssembly, for 16 bits.
    #[cfg(target_arch = "wasm32")]
    Simd128(pulp::wasm::Simd128),
}

/// What is added to the 8-bit integers of codewords.
const SHIFT: i32 = 128;

const MOST_8: usize = 127;
const _: () = assert!((SHIFT as usize + MOST_8) * MOST_8 * crate::MAX_DIM < 1 << 31, "sums stay within i32");

#[cfg(test)]
mod tests;
