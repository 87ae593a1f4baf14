//! Tests of the rounding, and of the bound against arithmetic that rounds as it likes.

use super::{gap, product, ranges, round};
use crate::kernel::assign::is_duplicate;
use crate::kernel::assign::squared_distance;
use crate::rng::row_hash;

/// A value within `limit`.
fn value(seed: u64, at: usize, limit: i32) -> i32 {
    (row_hash(seed, at as u64) % (2 * limit as u64 + 1)) as i32 - limit
}

fn vector(seed: u64, dim: usize, limit: i32) -> Vec<i32> {
    (0..dim).map(|at| value(seed, at, limit)).collect()
}

#[test]
fn rounding_takes_at_most_half_a_scale() {
    for limit in [1, 63, 64, 127, 128, 254, 255, 10_000, 1 << 20, 1 << 24] {
        for seed in 0..20 {
            let mut vector = vector(seed, 33, limit);
            vector[7] = if seed % 2 == 0 { limit } else { -limit };
            let rounded = round(&vector);
            assert!(rounded.scale == 1 || (rounded.scale - 1) * 127 < limit, "a scale that is larger than needed");
            assert!(rounded.scale * 127 >= limit, "a scale that is too small");
            let rests: Vec<i32> = (vector.iter().zip(&rounded.bytes))
                .map(|(value, byte)| value - rounded.scale * i32::from(*byte))
                .collect();
            for (value, (rest, byte)) in vector.iter().zip(rests.iter().zip(&rounded.bytes)) {
                assert!(2 * rest.abs() <= rounded.scale && rest.abs() <= value.abs(), "{value} and {rest}");
                assert!(i32::from(*byte).abs() <= 127);
            }
            let rest: i64 = rests.iter().map(|rest| i64::from(*rest) * i64::from(*rest)).sum();
            assert_eq!(rounded.rest, rest as u64);
        }
    }
    let zeros = round(&[0; 5]);
    assert_eq!((zeros.scale, zeros.bytes, zeros.rest), (1, vec![0; 5], 0));
    assert_eq!(product(&[127; 8192], &[-127; 8192]), -127 * 127 * 8192);
}

#[test]
fn a_duplicate_equals_a_codeword_with_a_lower_code() {
    let codewords = [1, 2, 1, 3, 1, 2, 1, 2];
    let found: Vec<bool> = (0..4).map(|code| is_duplicate(&codewords, 2, code)).collect();
    assert_eq!(found, [false, false, true, true]);
}

/// The score of a row with a codeword is within its range, whatever rounding took.
#[test]
fn ranges_hold_the_scores() {
    for (seed, limit) in [(1, 1 << 20), (2, 3), (3, 127), (4, 1000)] {
        for dim in [1, 3, 17, 40] {
            let row = vector(seed, dim, limit);
            let codewords = vector(seed + 100, 50 * dim, limit);
            for range in ranges(&row, &codewords) {
                let codeword = &codewords[range.code * dim..][..dim];
                // 2 s = |r - c|^2 - |r|^2
                let zeros = vec![0; dim];
                let twice = squared_distance(&row, codeword) as i64 - squared_distance(&row, &zeros) as i64;
                let score = twice as f64 / 2.0;
                assert!(range.low <= score && score <= range.low + range.width, "{score} in {range:?}");
            }
        }
    }
}

/// One of the neighbours of a number among f32.
fn rounded(exact: f64, up: bool) -> f64 {
    let near = exact as f32;
    match (f64::from(near).total_cmp(&exact), up) {
        (std::cmp::Ordering::Less, true) => f64::from(near.next_up()),
        (std::cmp::Ordering::Greater, false) => f64::from(near.next_down()),
        _ => f64::from(near),
    }
}

/// Evaluates `h - a b p - (A F + E C)` with every rounding in the direction that moves the result most, and its terms
/// in the order that starts with place `order`.
fn evaluation(terms: [f64; 4], order: usize, up: bool) -> f64 {
    let [half_norm, scaled, by_reach, by_error] = terms;
    let parts = [rounded(half_norm, up), -rounded(scaled, !up), -rounded(by_reach, !up), -rounded(by_error, !up)];
    (0..4).map(|i| parts[(i + order) % 4]).fold(0.0, |sum, part| rounded(sum + part, up))
}

/// A sixth of what [`gap`] allows is more than any evaluation of a lower bound is off by.
#[test]
fn evaluations_are_within_the_bound() {
    let mut most = 0.0_f64;
    for seed in 0..400 {
        let dim = [17, 40, 200][seed as usize % 3];
        let (row, codeword) = (vector(seed, dim, 1 << 22), vector(seed + 1000, dim, 1 << (8 + seed % 14)));
        let [of_row, of_codeword] = [&row, &codeword].map(|vector| round(vector));
        let squared = |vector: &[i32]| squared_distance(vector, &vec![0; dim]);
        let length = |vector: &[i32]| (squared(vector) as f64).sqrt();
        let [row_error, error] = [&of_row, &of_codeword].map(|rounded| f64::from((rounded.rest as f64).sqrt() as f32));
        let (reach, codeword_length) = (length(&row) + row_error, length(&codeword));
        let (reach, codeword_length) = (f64::from(reach as f32), f64::from(codeword_length as f32));
        let product = f64::from(product(&of_row.bytes, &of_codeword.bytes));
        let scales = f64::from(of_row.scale) * f64::from(of_codeword.scale);
        let half_norm = squared(&codeword) as f64 / 2.0;
        let exact = half_norm - scales * product - reach * error - row_error * codeword_length;
        let (slope, base) = gap(squared(&codeword));
        let allowed = (f64::from(slope) * reach + f64::from(base)) / 6.0;
        for up in [false, true] {
            // The product is converted, and multiplied by the product of the scales.
            let larger = up == (product < 0.0);
            let size = rounded(rounded(scales, larger) * rounded(product.abs(), larger), larger);
            let scaled = size.copysign(product);
            for order in 0..4 {
                let found = evaluation([half_norm, scaled, reach * error, row_error * codeword_length], order, up);
                assert!((found - exact).abs() <= allowed, "{found} instead of {exact}, {allowed} allowed");
                most = most.max((found - exact).abs() / allowed);
            }
        }
    }
    // The bound is no larger than it has to be by orders of magnitude.
    assert!(most > 0.02, "{most}");
}
