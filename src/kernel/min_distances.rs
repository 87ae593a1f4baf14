//! Seeding distances: how near each row would be to the nearest seed if a point joined the seeds.

use super::assign::squared_distance;

/// Computes, for every point and row, the smaller of the row's squared distance to the point and `closest` of the row.
///
/// # Shapes
/// `rows` (N, D), `points` (P, D), `closest` (N), `out` (P, N).
///
/// # Exactness
/// Integer distances in u64. Where a lower bound already reaches `closest`, a device need not compute the distance.
pub(crate) fn min_distances(rows: &[i32], points: &[i32], dim: usize, closest: &[u64], out: &mut [u64]) {
    for (point, out) in points.chunks_exact(dim).zip(out.chunks_exact_mut(closest.len().max(1))) {
        for ((row, closest), out) in rows.chunks_exact(dim).zip(closest).zip(out) {
            *out = squared_distance(row, point).min(*closest);
        }
    }
}
