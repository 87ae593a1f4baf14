//! One update of the codewords of a level, and the variance that the tolerance is about.

use crate::codebook::Codebook;
use crate::partial::Partial;

/// Moves every codeword to the centroid of its members, each component cut off at `room`; one without members stays.
/// Returns the sum of the squared movements.
pub(super) fn update(codebook: &mut Codebook, partial: &Partial, room: i64) -> u128 {
    // Codewords are within i32.
    let room = room.min(i64::from(i32::MAX)) as i32;
    let mut moved = 0_u128;
    for (k, codeword) in codebook.codewords_mut().enumerate() {
        for (value, centroid) in codeword.iter_mut().zip(partial.centroid(k).into_iter().flatten()) {
            let centroid = centroid.clamp(-room, room);
            moved += u128::from(i64::from(centroid - *value).unsigned_abs().pow(2));
            *value = centroid;
        }
    }
    moved
}

/// Mean over the dimensions of the rows' variance, in squared grid steps.
///
/// # Exactness
/// Exact integers, turned to f64 and combined in a fixed order by IEEE operations: the same on every host. The codes
/// have no influence.
pub(super) fn mean_variance(partial: &Partial) -> f64 {
    let dim = partial.dim();
    let rows: u64 = partial.counts().iter().sum();
    let mut total = vec![0_i64; dim];
    for sums in partial.sums().chunks_exact(dim) {
        total.iter_mut().zip(sums).for_each(|(total, sum)| *total += sum);
    }
    let square: f64 = total.iter().map(|sum| (*sum as f64) * (*sum as f64)).sum();
    let rows = rows.max(1) as f64;
    (partial.energy() as f64 - square / rows).max(0.0) / rows / dim as f64
}
