//! Lloyd's algorithm on one level, with exact sums.

use super::assignment::Assignment;
use super::reseed;
use super::run::Run;
use super::work::{LevelFit, LevelWork};
use crate::codebook::Codebook;
use crate::error::Result;
use crate::partial::Partial;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// Improves `codebook` until nothing changes, the movement is within the tolerance, or the most updates are done.
/// After the first update the iterations go on where the rows are, if the device has iterations of its own.
pub(super) fn lloyd(
    work: &mut LevelWork<'_, '_>,
    codebook: Codebook,
    progress: Progress,
    callback: Callback<'_>,
) -> Result<LevelFit> {
    let clusters = codebook.clusters();
    let mut run = Run::new(work, codebook, progress);
    let mut assignment = Assignment::new(work);
    let mut may_move = assignment.is_nearest() && work.residuals.device().engine().iterates();
    loop {
        let ask = &mut || report(callback, &run.progress);
        let mut partial = assignment.assign(work, &run.codebook, ask)?;
        let squared_error = partial.squared_error(&run.codebook);
        if run.is_done(partial.changed()) {
            let balancing = assignment.finish(work)?;
            return Ok(run.fit(squared_error, balancing));
        }
        if reseed::has_empty(&partial) {
            let far = assignment.farthest(work, &run.codebook, clusters, ask)?;
            run.empty_reseeded += reseed::refill_from(&mut partial, &far, |far| work.residuals.gather(far, ask))?;
        }
        let before = run.codebook.clone();
        let moved = update(Arc::make_mut(&mut run.codebook), &partial, work.room);
        let variance = mean_variance(&partial).min(work.most_variance);
        run.count(squared_error, partial.changed(), moved, variance);
        report(callback, &run.progress)?;
        if std::mem::take(&mut may_move)
            && let Some(fit) = run.go_on_device(work, &before, (partial.energy(), variance), callback)?
        {
            return Ok(fit);
        }
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
