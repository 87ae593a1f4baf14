//! Lloyd's algorithm on one level, with exact sums.

use super::assignment::Assignment;
use super::reseed;
use super::work::{LevelFit, LevelWork};
use crate::codebook::Codebook;
use crate::error::Result;
use crate::partial::Partial;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// Improves `codebook` until nothing changes, the movement is within the tolerance, or the most updates are done.
pub(super) fn lloyd(
    work: &mut LevelWork<'_, '_>,
    codebook: Codebook,
    mut progress: Progress,
    callback: Callback<'_>,
) -> Result<LevelFit> {
    let clusters = codebook.clusters();
    let mut codebook = Arc::new(codebook);
    let (most, mut iterations, mut empty_reseeded) = (work.params.most_iterations(), 0, 0);
    let mut still = false;
    let mut assignment = Assignment::new(work);
    loop {
        let ask = &mut || report(callback, &progress);
        let mut partial = assignment.assign(work, &codebook, ask)?;
        let squared_error = partial.squared_error(&codebook);
        let unchanged = iterations > 0 && partial.changed() == 0;
        if unchanged || still || iterations == most {
            let balancing = assignment.finish(work)?;
            return Ok(LevelFit { codebook, iterations, squared_error, empty_reseeded, balancing });
        }
        let empty = reseed::empty(&partial);
        if !empty.is_empty() {
            let far = assignment.farthest(work, &codebook, clusters, ask)?;
            let gifts = reseed::gifts(&empty, &far, &partial);
            let values = work.residuals.gather(&reseed::rows(&gifts), ask)?;
            empty_reseeded += reseed::give(&mut partial, &gifts, &values);
        }
        let moved = update(Arc::make_mut(&mut codebook), &partial, work.room);
        // Far values make up nearly all of the variance: measured by it, the first step would be the last.
        let scale = match work.far {
            true => squared_error as f64 / work.residuals.rows().max(1) as f64 / codebook.dim() as f64,
            false => mean_variance(&partial).min(work.most_variance),
        };
        still = moved as f64 <= work.params.tol * scale;
        iterations += 1;
        progress.iteration = iterations;
        progress.squared_error = work.per_row(squared_error);
        progress.changed = partial.changed();
        report(callback, &progress)?;
    }
}

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
/// Exact integers, turned to f64 and combined in a fixed order by IEEE operations: the same on every host.
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
