//! Distances of rows to their own codewords, from which empty clusters are re-seeded and seeds are drawn.

use super::assign::squared_distance;

/// Computes the squared distance of every row to the codeword that it is assigned to.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D), `codes` (N) below K, `distances` (N).
///
/// # Exactness
/// Integer distances in u64, see [`squared_distance`].
pub(crate) fn assigned_distances(rows: &[i32], codewords: &[i32], dim: usize, codes: &[u32], distances: &mut [u64]) {
    for ((row, code), distance) in rows.chunks_exact(dim).zip(codes).zip(distances) {
        if let Some(codeword) = codewords.chunks_exact(dim).nth(*code as usize) {
            *distance = squared_distance(row, codeword);
        }
    }
}
