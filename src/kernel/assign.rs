//! Pairwise distance and argmin: which codeword is nearest to each row.

/// Squared Euclidean distance of two rows.
///
/// # Exactness
/// Components are within 2^24, differences within 2^25, squares within 2^50; up to 8,192 of them sum below 2^63.
pub(crate) fn squared_distance(a: &[i32], b: &[i32]) -> u64 {
    a.iter().zip(b).map(|(a, b)| i64::from(a - b).unsigned_abs().pow(2)).sum()
}

/// Index of the nearest codeword of every row, the lowest index on a tie.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D) with K at least 1, `codes` (N).
///
/// # Exactness
/// Integer distances in u64 and a strict comparison: there is nothing to round. A device may use any filter, bound or
/// order, as long as `codes` comes out the same.
pub(crate) fn assign(rows: &[i32], codewords: &[i32], dim: usize, codes: &mut [u32]) {
    for (row, code) in rows.chunks_exact(dim).zip(codes) {
        let mut nearest = u64::MAX;
        for (k, codeword) in codewords.chunks_exact(dim).enumerate() {
            let distance = squared_distance(row, codeword);
            if distance < nearest {
                nearest = distance;
                *code = k as u32;
            }
        }
    }
}

/// Squared distance of every row to the codeword it is assigned to.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D), `codes` (N) below K, `distances` (N).
pub(crate) fn own_distances(rows: &[i32], codewords: &[i32], dim: usize, codes: &[u32], distances: &mut [u64]) {
    for ((row, code), distance) in rows.chunks_exact(dim).zip(codes).zip(distances) {
        if let Some(codeword) = codewords.chunks_exact(dim).nth(*code as usize) {
            *distance = squared_distance(row, codeword);
        }
    }
}
