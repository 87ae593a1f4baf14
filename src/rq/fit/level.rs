//! One level: first codewords, improvement, the best of several runs.

use super::lloyd::lloyd;
use super::mini_batch::{self, Trained};
use super::seeding::seed;
use super::work::{LevelFit, LevelWork};
use crate::codebook::Codebook;
use crate::error::Result;
use crate::rq::params::{Algorithm, MiniBatch};
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// Fits the level. `joint` keeps the codebooks of all levels where mini-batches train them together.
pub(super) fn fit(work: &mut LevelWork<'_, '_>, joint: &mut Vec<Trained>, callback: Callback<'_>) -> Result<LevelFit> {
    if let Some((first, frozen)) = work.first.clone() {
        return from_model(work, Arc::unwrap_or_clone(first), frozen, callback);
    }
    match work.params.algorithm {
        Algorithm::Lloyd | Algorithm::Hierarchical(_) => best_run(work, callback),
        Algorithm::MiniBatch(batch) => mini_batch(work, batch, joint, callback),
    }
}

fn best_run(work: &mut LevelWork<'_, '_>, callback: Callback<'_>) -> Result<LevelFit> {
    let mut best: Option<LevelFit> = None;
    for run in 0..work.params.n_init {
        let progress = Progress { run, ..work.progress() };
        report(callback, &progress)?;
        let (params, clusters, place) = (work.params, work.clusters(), (work.number, run));
        let mut codebook = seed(params, work.residuals, clusters, place, &mut || report(callback, &progress))?;
        codebook.limit(work.room);
        let fit = lloyd(work, codebook, progress, callback)?;
        if best.as_ref().is_none_or(|best| fit.squared_error < best.squared_error) {
            best = Some(fit);
        }
    }
    best.ok_or_else(|| crate::Error::parameter("n_init", 0, "must be at least 1"))
}

/// Fits the level from codewords of a model. A frozen level keeps them: it has no update, and so only assigns the rows.
fn from_model(
    work: &mut LevelWork<'_, '_>,
    mut first: Codebook,
    frozen: bool,
    callback: Callback<'_>,
) -> Result<LevelFit> {
    let progress = work.progress();
    report(callback, &progress)?;
    if !frozen {
        // The levels before may have grown since, and leave this one less.
        first.limit(work.room);
    }
    lloyd(work, first, progress, callback)
}

fn mini_batch(
    work: &mut LevelWork<'_, '_>,
    batch: MiniBatch,
    joint: &mut Vec<Trained>,
    callback: Callback<'_>,
) -> Result<LevelFit> {
    let trained = match batch.layer_wise {
        true => mini_batch::layer(work, batch, callback)?,
        false => {
            if joint.is_empty() {
                *joint = mini_batch::joint(work, batch, callback)?;
            }
            let missing = || crate::Error::parameter("levels", work.level, "must be a level of the fit");
            joint.get(work.level).cloned().ok_or_else(missing)?
        }
    };
    let Trained { codebook, iterations, empty_reseeded } = trained;
    let progress = work.progress();
    let sums = work.residuals.assign(None, &codebook, &mut || report(callback, &progress))?;
    let squared_error = sums.squared_error(&codebook);
    Ok(LevelFit { codebook, iterations, squared_error, empty_reseeded, balancing: None })
}
