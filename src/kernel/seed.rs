//! A step of k-means++: draws rows by their weighted distances from the codewords so far, and keeps the best of them.

use super::min_distances::min_distances;

/// The most rows, by weight, that the bounds below allow.
#[cfg(feature = "gpu")]
pub(crate) const MAX_WEIGHT: u64 = 1 << 32;

/// A row that becomes a codeword.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Seed {
    pub(crate) row: usize,
    /// The sum of `weights[i] * closest[i]` with the new codeword.
    pub(crate) potential: u128,
}

/// Finds for every value the first row at which the running sum of `weights[i] * closest[i]` exceeds it. Of these rows
/// it keeps the one that leaves the smallest sum once it is a codeword, the first one on a tie, and updates `closest`.
///
/// # Shapes
/// `rows` (N, D), `weights` (N), `closest` (N); at least one value, each below the sum of all products.
///
/// # Exactness
/// A squared distance is below 2^63. With weights that add up to at most 2^32, all products together are below 2^95: 96
/// bits hold every sum, which is the same in any order.
pub(crate) fn seed(rows: &[i32], dim: usize, weights: &[u64], closest: &mut [u64], values: &[u128]) -> Seed {
    let drawn: Vec<usize> = values.iter().map(|value| draw(weights, closest, *value)).collect();
    best_of(rows, dim, weights, closest, &drawn)
}

/// Does the same for rows that are drawn already.
pub(crate) fn best_of(rows: &[i32], dim: usize, weights: &[u64], closest: &mut [u64], drawn: &[usize]) -> Seed {
    let mut best = Seed { row: 0, potential: u128::MAX };
    let mut nearest = closest.to_vec();
    for row in drawn {
        let point = rows.chunks_exact(dim).nth(*row).unwrap_or_default();
        let mut near = vec![0; closest.len()];
        min_distances(rows, point, dim, closest, &mut near);
        let potential = near.iter().zip(weights).map(|(distance, weight)| product(*distance, *weight)).sum();
        if potential < best.potential {
            best = Seed { row: *row, potential };
            nearest = near;
        }
    }
    closest.copy_from_slice(&nearest);
    best
}

/// Returns the first row at which the running sum exceeds `value`.
fn draw(weights: &[u64], closest: &[u64], value: u128) -> usize {
    let mut sum = 0;
    let exceeds = |(distance, weight): (&u64, &u64)| {
        sum += product(*distance, *weight);
        sum > value
    };
    closest.iter().zip(weights).position(exceeds).unwrap_or(0)
}

fn product(distance: u64, weight: u64) -> u128 {
    u128::from(distance) * u128::from(weight)
}
