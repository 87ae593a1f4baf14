//! Mini-batch k-means: codewords are running means of all rows ever assigned to them.

use super::reseed;
use super::seeding::seed;
use super::update::{mean_variance, update};
use super::work::LevelWork;
use crate::codebook::{Codebook, room};
use crate::device::Purpose;
use crate::error::Result;
use crate::partial::Partial;
use crate::population::{Ask, FittedLevel, Residuals};
use crate::rng::{Sample, Stream};
use crate::rq::params::MiniBatch;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// A level trained by batches.
#[derive(Clone)]
pub(super) struct Trained {
    pub(super) codebook: Arc<Codebook>,
    pub(super) iterations: usize,
    pub(super) empty_reseeded: u64,
}

/// A codebook with the sums of all rows it has seen.
///
/// Sculley's update with learning rate 1 / count makes a codeword the mean of every row ever assigned to it. Keeping
/// the exact sums instead of the mean makes that mean exact and independent of the order within a batch.
///
/// # References
/// D. Sculley, Web-Scale K-Means Clustering, WWW 2010, algorithm 1.
struct Running {
    codebook: Arc<Codebook>,
    seen: Partial,
    empty_reseeded: u64,
}

/// The effect of a batch on a level.
struct Step {
    squared_error: u128,
    changed: u64,
    moved: f64,
    variance: f64,
}

impl Running {
    fn new(codebook: Codebook) -> Self {
        let seen = Partial::new(codebook.clusters(), codebook.dim());
        Self { codebook: Arc::new(codebook), seen, empty_reseeded: 0 }
    }

    /// Assigns the rows of `batch` and moves the codewords, whose components stay within `room`.
    fn step(&mut self, batch: &mut Residuals<'_>, room: i64, ask: Ask<'_>) -> Result<Step> {
        let sums = batch.assign(None, &self.codebook, ask)?;
        let (squared_error, variance) = (sums.squared_error(&self.codebook), mean_variance(&sums));
        self.seen.merge(&sums)?;
        self.empty_reseeded += reseed::refill(batch, &self.codebook, &mut self.seen, ask)?;
        let codebook = Arc::make_mut(&mut self.codebook);
        let moved = update(codebook, &self.seen, room) as f64;
        // Codewords without members too: the levels before may have grown.
        codebook.limit(room);
        Ok(Step { squared_error, changed: sums.changed(), moved, variance })
    }
}

/// Trains one level to the end.
pub(super) fn layer(work: &mut LevelWork<'_, '_>, batch: MiniBatch, callback: Callback<'_>) -> Result<Trained> {
    let mut progress = work.progress();
    report(callback, &progress)?;
    let ask = &mut || report(callback, &progress);
    let mut buffer = init_buffer(work, batch, work.clusters(), ask)?;
    let mut first = seed(work.params, &mut buffer, work.clusters(), (work.number, 0), ask)?;
    first.limit(work.room);
    drop(buffer);
    let mut running = Running::new(first);
    let mut iterations = 0;
    while iterations < work.params.max_iter {
        let ask = &mut || report(callback, &progress);
        let mut rows = draw(work, batch, work.number, iterations, ask)?;
        let step = running.step(&mut rows, work.room, ask)?;
        iterations += 1;
        let per_row = step.squared_error as f64 * work.unit / rows.rows().max(1) as f64;
        progress = Progress { iteration: iterations, squared_error: per_row, changed: step.changed, ..progress };
        report(callback, &progress)?;
        if step.moved <= work.params.tol * step.variance.min(work.most_variance) {
            break;
        }
    }
    Ok(Trained { codebook: running.codebook, iterations, empty_reseeded: running.empty_reseeded })
}

/// Trains all levels together: every batch passes through all of them. The rows of `work` are those of level 0.
pub(super) fn joint(work: &mut LevelWork<'_, '_>, batch: MiniBatch, callback: Callback<'_>) -> Result<Vec<Trained>> {
    let mut progress = work.progress();
    report(callback, &progress)?;
    let mut levels = first_levels(work, batch, &mut || report(callback, &progress))?;
    let (mut iterations, mut still) = (0, false);
    while iterations < work.params.max_iter && !still {
        let ask = &mut || report(callback, &progress);
        let mut rows = draw(work, batch, work.number, iterations, ask)?;
        iterations += 1;
        still = true;
        let mut per_row = f64::NAN;
        let mut before: Vec<Arc<Codebook>> = Vec::new();
        for running in &mut levels {
            let room = room(work.codewords_max, before.iter().map(|codebook| &**codebook));
            let step = running.step(&mut rows, room, ask)?;
            before.push(running.codebook.clone());
            subtract(&mut rows, &running.codebook, ask)?;
            still &= step.moved <= work.params.tol * step.variance.min(work.most_variance);
            per_row = step.squared_error as f64 * work.unit / rows.rows().max(1) as f64;
        }
        let level = levels.len().saturating_sub(1);
        progress = Progress { level, iteration: iterations, squared_error: per_row, ..progress };
        report(callback, &progress)?;
    }
    let trained = |running: Running| {
        let Running { codebook, empty_reseeded, .. } = running;
        Trained { codebook, iterations, empty_reseeded }
    };
    Ok(levels.into_iter().map(trained).collect())
}

/// The first codewords of all levels, from one buffer.
fn first_levels(work: &mut LevelWork<'_, '_>, batch: MiniBatch, ask: Ask<'_>) -> Result<Vec<Running>> {
    let most = work.clusters.iter().max().copied().unwrap_or(1);
    let mut buffer = init_buffer(work, batch, most, ask)?;
    let mut levels = Vec::with_capacity(work.clusters.len());
    for (level, clusters) in work.clusters.iter().enumerate() {
        let mut codebook = seed(work.params, &mut buffer, *clusters, (work.number + level, 0), ask)?;
        codebook.limit(room(work.codewords_max, levels.iter().map(|running: &Running| &*running.codebook)));
        let running = Running::new(codebook);
        buffer.subtract(FittedLevel { codebook: running.codebook.clone(), codes: None });
        levels.push(running);
    }
    Ok(levels)
}

/// Subtracts from the rows of a batch the codewords that they were assigned to, where these are after the batch has
/// moved them.
fn subtract(batch: &mut Residuals<'_>, codebook: &Arc<Codebook>, ask: Ask<'_>) -> Result<()> {
    let mut codes = vec![0; batch.rows()];
    if let Some(table) = batch.table(ask)? {
        table.codes(&mut codes)?;
    }
    batch.subtract(FittedLevel { codebook: codebook.clone(), codes: Some(Arc::new(codes)) });
    Ok(())
}

/// The rows the first codewords are seeded from: at least one per cluster, of which there are `most`.
fn init_buffer(
    work: &mut LevelWork<'_, '_>,
    batch: MiniBatch,
    most: usize,
    ask: Ask<'_>,
) -> Result<Residuals<'static>> {
    let hash_seed = Stream::new("buffer", work.params.seed, work.number, 0).next_u64();
    let rows = work.residuals.rows();
    let sample = Sample::new(hash_seed, rows, batch.init_buffer.max(most));
    let chosen: Vec<u64> = (0..rows as u64).filter(|row| sample.holds(*row)).collect();
    work.residuals.copy(&chosen, Purpose::Encode, ask)
}

/// The rows of one batch: uniform draws with replacement, or all rows where a batch holds as many.
fn draw(
    work: &mut LevelWork<'_, '_>,
    batch: MiniBatch,
    level: usize,
    step: usize,
    ask: Ask<'_>,
) -> Result<Residuals<'static>> {
    let rows = work.residuals.rows() as u64;
    let mut stream = Stream::new("batch", work.params.seed, level, step);
    let chosen: Vec<u64> = match batch.batch as u64 >= rows {
        true => (0..rows).collect(),
        false => (0..batch.batch).map(|_| stream.below(rows.into()) as u64).collect(),
    };
    work.residuals.copy(&chosen, Purpose::Encode, ask)
}
