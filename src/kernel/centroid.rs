//! Centroid reduction: how many rows each cluster has, and their sums.

use crate::partial::Partial;

/// Counts the rows assigned to each of `clusters` clusters and sums their components.
///
/// # Shapes
/// `rows` (N, D), `codes` (N) below K; the result has K clusters of D components.
///
/// # Exactness
/// i64 sums of values within 2^24, see [`Partial`]; any order of addition gives the same bits.
pub(crate) fn sums(rows: &[i32], dim: usize, codes: &[u32], clusters: usize) -> Partial {
    let mut partial = Partial::new(clusters, dim);
    for (row, code) in rows.chunks_exact(dim).zip(codes) {
        partial.add(*code as usize, row);
    }
    partial
}
