//! Compares the grid with integer arithmetic written for the tests, which repeats no f64 operation of the library.

mod exponent;
mod loss;
mod outliers;
mod rows;
mod sketch;

use super::{EXPONENTS, Grid, SATURATION};
use proptest::prelude::*;

/// The number `mantissa * 2^exponent` that the bits of a finite f32 stand for.
fn rational(x: f32) -> (i128, i32) {
    let bits = x.to_bits();
    let (biased, fraction) = ((bits >> 23) & 0xff, i128::from(bits & 0x7f_ffff));
    let sign = if bits >> 31 == 1 { -1 } else { 1 };
    match biased {
        0 => (sign * fraction, -149),
        _ => (sign * (fraction | 0x80_0000), biased as i32 - 150),
    }
}

/// `m / 2^shift` rounded to an integer, half to even.
fn half_even(m: i128, shift: u32) -> i128 {
    if shift == 0 || shift > 120 {
        return if shift == 0 { m } else { 0 };
    }
    let (floor, half) = (m >> shift, 1 << (shift - 1));
    let rest = m - (floor << shift);
    floor + i128::from(rest > half || (rest == half && floor & 1 == 1))
}

/// `round_half_even(m * 2^(exponent))`, cut off at 2^40.
fn rounded(m: i128, exponent: i32) -> i128 {
    match exponent {
        _ if m == 0 => 0,
        ..0 => half_even(m, exponent.unsigned_abs()),
        0..40 => m << exponent,
        40.. => m.signum() << 40,
    }
}

/// `x - offset` as binary64 has it: 53 bits, half to even. For numbers within 2^90 of each other.
fn difference(x: f32, offset: f32) -> (i128, i32) {
    let ((a, i), (b, j)) = (rational(x), rational(offset));
    let low = if a == 0 {
        j
    } else if b == 0 {
        i
    } else {
        i.min(j)
    };
    let aligned = |m: i128, exponent: i32| if m == 0 { 0 } else { m << (exponent - low) };
    let exact = aligned(a, i) - aligned(b, j);
    let over = (128 - exact.unsigned_abs().leading_zeros()).saturating_sub(53);
    (half_even(exact, over), low + over as i32)
}

/// The contract's formula, and whether the value saturates.
fn expected(x: f32, offset: f32, e: i32) -> (i32, u64) {
    let (m, exponent) = difference(x, offset);
    let q = rounded(m, exponent + e);
    let limit = i128::from(SATURATION);
    (q.clamp(-limit, limit) as i32, u64::from(q.abs() > limit))
}

fn quantized(x: f32, offset: f32, e: i32) -> (i32, u64) {
    let mut q = [7];
    let saturated = Grid::new(vec![offset], e).quantize(&[x], &mut q);
    (q[0], saturated)
}

const FRACTIONS: [u32; 10] = [0, 1, 2, 0x3f_ffff, 0x40_0000, 0x40_0001, 0x7f_fffe, 0x7f_ffff, 0x55_5555, 0x2a_cbe1];

/// Every exponent and sign of f32 with telling fractions, at every exponent of a grid.
#[test]
fn every_exponent_is_quantized_as_the_formula_says() {
    let mut saturated = 0;
    for high in (0..512_u32).filter(|high| high & 0xff != 0xff) {
        for x in FRACTIONS.map(|fraction| f32::from_bits((high << 23) | fraction)) {
            for e in EXPONENTS {
                let found = quantized(x, 0.0, e);
                assert_eq!(found, expected(x, 0.0, e), "{x:e} at 2^{e}");
                saturated += found.1;
            }
        }
    }
    assert!(saturated > 10_000);
}

/// Halves between all neighbours around the places where rounding or saturation might go wrong.
#[test]
fn halves_go_to_the_even_neighbour_and_the_limits_hold() {
    let middles = [0, 1 << 10, 1 << 20, 1 << 22, SATURATION - 9];
    for n in middles.into_iter().flat_map(|middle| middle..middle + 10) {
        let half = n as f32 + 0.5;
        let even = n + (n & 1);
        let expected = (even.min(SATURATION), u64::from(even > SATURATION));
        assert_eq!(quantized(half, 0.0, 0), expected, "{half}");
        assert_eq!(quantized(-half, 0.0, 0), (-expected.0, expected.1), "-{half}");
        assert_eq!(quantized(half / 1024.0, 0.0, 10), expected, "{half} / 1024");
    }
    assert_eq!(quantized(6_291_456.0, 0.0, 0), (SATURATION, 0));
    assert_eq!(quantized(6_291_456.5, 0.0, 0), (SATURATION, 0));
    assert_eq!(quantized(6_291_457.0, 0.0, 0), (SATURATION, 1));
    assert_eq!(quantized(f32::MAX, -f32::MAX, 126), (SATURATION, 1));
    assert_eq!(quantized(f32::MIN_POSITIVE / 8_388_608.0, 0.0, 126), (0, 0));
}

#[test]
fn saturated_values_are_counted_over_all_rows() {
    let grid = Grid::new(vec![0.0, 1.0, -1.0], 0);
    let rows = [1e7, 9e6, 3.0, -2e7, 1.5, -9e6, 0.0, -0.0, 6_291_455.0];
    let mut q = [0; 9];
    assert_eq!(grid.quantize(&rows, &mut q), 4);
    assert_eq!(q, [SATURATION, SATURATION, 4, -SATURATION, 0, -SATURATION, 0, -1, SATURATION]);
}

#[test]
fn restoring_is_the_formula_rounded_once() {
    let grid = Grid::new(vec![0.5, 300.0, -1.0], 3);
    let mut out = [0.0; 3];
    grid.restore(3, &[3, -8, 1 << 24], &mut out);
    assert_eq!(out, [0.875, 299.0, 2_097_151.0]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    /// Any two values that are not further apart than 2^90, any grid.
    #[test]
    fn offsets_are_subtracted_in_binary64(
        high in 1_u32..164, step in 0_u32..90, fractions in [0_u32..1 << 23, 0_u32..1 << 23], signs in 0_u32..4,
        e in EXPONENTS, swap: bool,
    ) {
        let x = f32::from_bits(((signs & 1) << 31) | (high << 23) | fractions[0]);
        let y = f32::from_bits(((signs >> 1) << 31) | ((high + step) << 23) | fractions[1]);
        let (x, offset) = if swap { (y, x) } else { (x, y) };
        prop_assert_eq!(quantized(x, offset, e), expected(x, offset, e));
        // An exponent that puts the difference near the middle of the grid.
        let near = (20 + 127 - (high + step) as i32).clamp(*EXPONENTS.start(), *EXPONENTS.end());
        prop_assert_eq!(quantized(x, offset, near), expected(x, offset, near));
    }
}
