//! The choice of a grid's exponent: the largest one at which a value does not exceed a number of steps.

use super::{EXPONENTS, pow2};

/// The largest exponent e with `round_half_even(largest * 2^e) <= limit`, within [`EXPONENTS`]; `largest` is positive.
pub(super) fn finest(largest: f64, limit: i32) -> i32 {
    // With 2^n <= limit < 2^(n + 1), largest * 2^candidate is in [2^n, 2^(n + 1)), so the answer is the candidate or
    // one less. A value half a step above the limit rounds down to the limit, because both limits in use are even.
    let candidate = floor_log2(f64::from(limit)) - floor_log2(largest);
    let fits = largest * pow2(candidate) <= f64::from(limit) + 0.5;
    (candidate - i32::from(!fits)).clamp(*EXPONENTS.start(), *EXPONENTS.end())
}

/// floor(log2(value)) of a positive normal f64.
pub(crate) fn floor_log2(value: f64) -> i32 {
    ((value.to_bits() >> 52) as i32) - 1023
}
