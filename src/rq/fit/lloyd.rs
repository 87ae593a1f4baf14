//! Lloyd's algorithm on one level, with exact sums.

use super::assignment::AssignmentStep;
use super::reseed;
use super::run::Run;
use super::update::{mean_variance, update};
use super::work::{LevelFit, LevelWork};
use crate::codebook::Codebook;
use crate::error::Result;
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
    let mut assignment = AssignmentStep::new(work);
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
