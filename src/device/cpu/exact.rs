//! Exact squared distances of rows held as f32 integers.

use super::bounds::U;

/// From here on an f64 sum of integers may have been rounded.
const EXACT: f64 = 9_007_199_254_740_992.0;
const LANES: usize = 16;

/// Squared distance of two rows of integers within 2^24.
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
    let (a_parts, b_parts) = (a.chunks_exact(LANES), b.chunks_exact(LANES));
    let (a_rest, b_rest) = (a_parts.remainder(), b_parts.remainder());
    for (a, b) in a_parts.zip(b_parts) {
        for i in 0..LANES {
            let difference = f64::from(a[i]) - f64::from(b[i]);
            lanes[i] += difference * difference;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (f64::from(*a) - f64::from(*b)).powi(2));
    lanes.iter().sum::<f64>() + rest.sum::<f64>()
}

#[cold]
fn in_integers(a: &[f32], b: &[f32]) -> u64 {
    // The values are integers within 2^24, so the conversions are exact.
    let square = |(a, b): (&f32, &f32)| (*a as i64 - *b as i64).unsigned_abs().pow(2);
    a.iter().zip(b).map(square).sum()
}

/// Squared distance of two rows of integers within 2^24 in f32, within [`relative_error`] of itself.
#[inline(always)]
pub(super) fn approximate_squared_distance(a: &[f32], b: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; LANES];
    let ((a_parts, a_rest), (b_parts, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
    for (a, b) in a_parts.iter().zip(b_parts) {
        for i in 0..LANES {
            let difference = a[i] - b[i];
            lanes[i] += difference * difference;
        }
    }
    let rest = a_rest.iter().zip(b_rest).map(|(a, b)| (a - b) * (a - b));
    lanes.iter().sum::<f32>() + rest.sum::<f32>()
}

/// Bound of the relative error of [`approximate_squared_distance`].
///
/// # Exactness
/// A term passes through the roundings of its difference (twice, for the square) and of its square, and of at most
/// `D / 16 + 20` sums of terms that are not negative.
pub(super) fn relative_error(dim: usize) -> f32 {
    ((dim / LANES + 40) as f64 * U) as f32
}

/// Squared length of a row of integers within 2^24, rounded to f64 only beyond 2^53.
#[inline(always)]
pub(super) fn squared_length(row: &[f32]) -> f64 {
    let mut lanes = [0.0_f64; LANES];
    let parts = row.chunks_exact(LANES);
    let rest: f64 = parts.remainder().iter().map(|value| f64::from(*value).powi(2)).sum();
    for part in parts {
        for i in 0..LANES {
            lanes[i] += f64::from(part[i]) * f64::from(part[i]);
        }
    }
    lanes.iter().sum::<f64>() + rest
}
