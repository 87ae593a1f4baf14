//! Mini-batch k-means: codewords are running means of all rows ever assigned to them.

use super::level::LevelWork;
use super::lloyd::{mean_variance, reseed_empty, update};
use super::params::MiniBatch;
use super::progress::{Callback, Progress, report};
use super::seeding::seed;
use crate::codebook::{Codebook, room};
use crate::device::{Purpose, Table};
use crate::error::Result;
use crate::partial::Partial;
use crate::rng::{self, Stream};

/// A level trained by batches.
#[derive(Clone)]
pub(super) struct Trained {
    pub(super) codebook: Codebook,
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
    codebook: Codebook,
    seen: Partial,
    empty_reseeded: u64,
}

/// What a batch did to a level.
struct Step {
    squared_error: u128,
    changed: u64,
    moved: f64,
    variance: f64,
}

impl Running {
    fn new(codebook: Codebook) -> Self {
        let seen = Partial::new(codebook.clusters(), codebook.dim());
        Self { codebook, seen, empty_reseeded: 0 }
    }

    /// Assigns the rows of `batch` and moves the codewords, whose components stay within `room`.
    fn step(&mut self, batch: &mut dyn Table, room: i64) -> Result<Step> {
        let changed = batch.assign(&self.codebook)?.changed;
        let sums = batch.sums(self.codebook.clusters())?;
        let origin = vec![0; batch.dim()];
        let energy: u128 =
            batch.min_distances(&origin, &vec![u64::MAX; batch.rows()])?.iter().map(|n| u128::from(*n)).sum();
        let squared_error = sums.squared_error(energy, &self.codebook);
        let variance = mean_variance(&sums, energy);
        self.seen.merge(&sums);
        self.empty_reseeded += reseed_empty(batch, &self.codebook, &mut self.seen)?;
        let moved = update(&mut self.codebook, &self.seen, room) as f64;
        // Codewords without members too: the levels before may have grown.
        self.codebook.limit(room);
        Ok(Step { squared_error, changed, moved, variance })
    }
}

/// Trains one level to the end.
pub(super) fn layer(work: &mut LevelWork<'_>, batch: MiniBatch, callback: Callback<'_>) -> Result<Trained> {
    let mut progress = work.progress();
    report(callback, &progress)?;
    let mut buffer = init_buffer(work, batch, work.clusters())?;
    let mut first = seed(work.params, work.engine, &mut *buffer, work.clusters(), (work.level, 0), &mut || {
        report(callback, &progress)
    })?;
    first.limit(work.room);
    let mut running = Running::new(first);
    let mut iterations = 0;
    while iterations < work.params.max_iter {
        let mut rows = draw(work, batch, work.level, iterations)?;
        let step = running.step(&mut *rows, work.room)?;
        iterations += 1;
        let per_row = step.squared_error as f64 * work.unit / rows.rows().max(1) as f64;
        progress = Progress { iteration: iterations, squared_error: per_row, changed: step.changed, ..progress };
        report(callback, &progress)?;
        if step.moved <= work.params.tol * step.variance {
            break;
        }
    }
    Ok(Trained { codebook: running.codebook, iterations, empty_reseeded: running.empty_reseeded })
}

/// Trains all levels together: every batch passes through all of them. `work.table` holds the rows of level 0.
pub(super) fn joint(work: &mut LevelWork<'_>, batch: MiniBatch, callback: Callback<'_>) -> Result<Vec<Trained>> {
    let mut progress = work.progress();
    report(callback, &progress)?;
    let mut levels: Vec<Running> = Vec::with_capacity(work.clusters.len());
    let most = work.clusters.iter().max().copied().unwrap_or(1);
    let mut buffer = init_buffer(work, batch, most)?;
    for (level, clusters) in work.clusters.iter().enumerate() {
        if level > 0 && work.params.normalize_residuals {
            buffer.unit_length()?;
        }
        let mut codebook =
            seed(work.params, work.engine, &mut *buffer, *clusters, (level, 0), &mut || report(callback, &progress))?;
        codebook.limit(room(work.codewords_max, levels.iter().map(|running| &running.codebook)));
        buffer.assign(&codebook)?;
        buffer.subtract(&codebook)?;
        levels.push(Running::new(codebook));
    }
    let (mut iterations, mut still) = (0, false);
    while iterations < work.params.max_iter && !still {
        let mut rows = draw(work, batch, 0, iterations)?;
        iterations += 1;
        still = true;
        for level in 0..levels.len() {
            let (before, rest) = levels.split_at_mut(level);
            let Some(running) = rest.first_mut() else { break };
            if level > 0 && work.params.normalize_residuals {
                rows.unit_length()?;
            }
            let room = room(work.codewords_max, before.iter().map(|running| &running.codebook));
            let step = running.step(&mut *rows, room)?;
            rows.subtract(&running.codebook)?;
            still &= step.moved <= work.params.tol * step.variance;
            let per_row = step.squared_error as f64 * work.unit / rows.rows().max(1) as f64;
            progress = Progress { level, iteration: iterations, squared_error: per_row, ..progress };
        }
        report(callback, &progress)?;
    }
    let trained = |running: Running| {
        let Running { codebook, empty_reseeded, .. } = running;
        Trained { codebook, iterations, empty_reseeded }
    };
    Ok(levels.into_iter().map(trained).collect())
}

/// The rows the first codewords are seeded from: at least one per cluster, of which there are `most`.
fn init_buffer(work: &mut LevelWork<'_>, batch: MiniBatch, most: usize) -> Result<Box<dyn Table>> {
    let hash_seed = Stream::new("buffer", work.params.seed, work.level, 0).next_u64();
    copy(work, &rng::sample(hash_seed, work.table.rows(), batch.init_buffer.max(most)))
}

/// The rows of one batch: uniform draws with replacement, or all rows where a batch holds as many.
fn draw(work: &mut LevelWork<'_>, batch: MiniBatch, level: usize, step: usize) -> Result<Box<dyn Table>> {
    let rows = work.table.rows();
    let mut stream = Stream::new("batch", work.params.seed, level, step);
    let chosen: Vec<usize> = match batch.batch >= rows {
        true => (0..rows).collect(),
        false => (0..batch.batch).map(|_| stream.below(rows as u128) as usize).collect(),
    };
    copy(work, &chosen)
}

fn copy(work: &mut LevelWork<'_>, rows: &[usize]) -> Result<Box<dyn Table>> {
    let mut table = work.engine.table(rows.len(), work.table.dim(), Purpose::Encode)?;
    table.upload(0, &work.table.gather(rows)?)?;
    Ok(table)
}
