//! Exact squared distances of rows held as f32 integers.

use super::bounds::{U, up};
use pulp::Simd;

/// The smallest size at which an f64 sum of integers may have been rounded.
const EXACT: f64 = 9_007_199_254_740_992.0;
const LANES: usize = 16;

/// Returns the squared distance of two rows of integers within 2^24.
///
/// # Exactness
/// Differences are within 2^25 and exact, squares within 2^50 and exact. All partial sums, in whatever order, are sums
/// of non-negative integers and never larger than the result: a result below 2^53 proves that none was rounded.
/// Otherwise integers compute it.
#[inline(always)]
pub(super) fn squared_distance(a: &[f32], b: &[f32]) -> u64 {
    let sum = squared_distance_f64(a, b);
    if sum < EXACT { sum as u64 } else { in_integers(a, b) }
}

#[inline(always)]
fn squared_distance_f64(a: &[f32], b: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let ((a_parts, a_rest), (b_parts, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_parts.iter().zip(b_parts) {
        // By index: a chain of iterators is not always inlined, and then not vector code.
        for i in 0..LANES {
            let difference = f64::from(a[i]) - f64::from(b[i]);
            lanes[i] += difference * difference;
        }
    }
    let mut sum = total(lanes);
    for (a, b) in a_rest.iter().zip(b_rest) {
        let difference = f64::from(*a) - f64::from(*b);
        sum += difference * difference;
    }
    sum
}

/// The sum of all lanes, one after the other: a sum by halves keeps the loops before it from wide vectors.
#[inline(always)]
fn total(lanes: [f64; LANES]) -> f64 {
    let mut sum = 0.0;
    for lane in lanes {
        sum += lane;
    }
    sum
}

/// Distance of two rows of integers within 2^24, rounded up.
#[inline(always)]
pub(super) fn distance_at_most(a: &[f32], b: &[f32]) -> f32 {
    // 1e-12 covers the rounding of a sum of up to 8,192 terms, and of its root.
    up(squared_distance_f64(a, b).sqrt() * (1.0 + 1e-12))
}

#[cold]
fn in_integers(a: &[f32], b: &[f32]) -> u64 {
    // The values are integers within 2^24, so the conversions are exact.
    let square = |(a, b): (&f32, &f32)| (*a as i64 - *b as i64).unsigned_abs().pow(2);
    a.iter().zip(b).map(square).sum()
}

/// Returns the squared distance of two rows of integers within 2^24 in f32, within [`relative_error`] of itself.
#[inline(always)]
pub(super) fn approximate_squared_distance<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    let mut sums = [simd.splat_f32s(0.0); SUMS];
    let ((a_parts, a), (b_parts, b)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
    for (a, b) in a_parts.iter().zip(b_parts) {
        for i in 0..SUMS {
            let difference = simd.sub_f32s(a[i], b[i]);
            sums[i] = simd.mul_add_e_f32s(difference, difference, sums[i]);
        }
    }
    for (a, b) in a.iter().zip(b) {
        let difference = simd.sub_f32s(*a, *b);
        sums[0] = simd.mul_add_e_f32s(difference, difference, sums[0]);
    }
    let mut rest = 0.0;
    for (a, b) in a_rest.iter().zip(b_rest) {
        rest += (a - b) * (a - b);
    }
    rest + reduce(simd, sums)
}

/// Inner product of two rows in f32.
#[inline(always)]
pub(super) fn approximate_product<S: Simd>(simd: S, a: &[f32], b: &[f32]) -> f32 {
    let ((a, a_rest), (b, b_rest)) = (S::as_simd_f32s(a), S::as_simd_f32s(b));
    let mut sums = [simd.splat_f32s(0.0); SUMS];
    let ((a_parts, a), (b_parts, b)) = (a.as_chunks::<SUMS>(), b.as_chunks::<SUMS>());
    for (a, b) in a_parts.iter().zip(b_parts) {
        for i in 0..SUMS {
            sums[i] = simd.mul_add_e_f32s(a[i], b[i], sums[i]);
        }
    }
    for (a, b) in a.iter().zip(b) {
        sums[0] = simd.mul_add_e_f32s(*a, *b, sums[0]);
    }
    let mut rest = 0.0;
    for (a, b) in a_rest.iter().zip(b_rest) {
        rest += a * b;
    }
    rest + reduce(simd, sums)
}

/// Sums that are taken at a time, so that one need not wait for another.
const SUMS: usize = 4;

#[inline(always)]
fn reduce<S: Simd>(simd: S, [a, b, c, d]: [S::f32s; SUMS]) -> f32 {
    simd.reduce_sum_f32s(simd.add_f32s(simd.add_f32s(a, b), simd.add_f32s(c, d)))
}

/// Bound of the relative error of [`approximate_squared_distance`].
///
/// # Exactness
/// A term passes through the roundings of its difference (twice, for the square) and of its square, and of at most D
/// sums of terms that are not negative, in any order.
pub(super) fn relative_error(dim: usize) -> f32 {
    ((dim + 40) as f64 * U) as f32
}

/// Returns the squared length of a row of integers within 2^24, rounded to f64 only beyond 2^53.
#[inline(always)]
pub(super) fn squared_length(row: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let (parts, rest) = row.as_chunks::<LANES>();
    for part in parts {
        for i in 0..LANES {
            lanes[i] += f64::from(part[i]) * f64::from(part[i]);
        }
    }
    let mut sum = total(lanes);
    for value in rest {
        sum += f64::from(*value) * f64::from(*value);
    }
    sum
}
