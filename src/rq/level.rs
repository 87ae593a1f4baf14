//! One level: first codewords, improvement, the best of several runs.

use super::assignment::Balancing;
use super::lloyd::lloyd;
use super::mini_batch::{self, Trained};
use super::params::{Algorithm, MiniBatch, RqKMeans};
use super::progress::{Callback, Progress, report};
use super::seeding::seed;
use crate::codebook::Codebook;
use crate::device::{Engine, Table};
use crate::error::Result;
use crate::transport::balanced::Sizes;

/// What fitting a level works with: the rows of `table` are the level's residuals.
pub(super) struct LevelWork<'a> {
    pub(super) params: &'a RqKMeans,
    pub(super) engine: &'a dyn Engine,
    pub(super) table: &'a mut dyn Table,
    /// Clusters of all levels.
    pub(super) clusters: &'a [usize],
    pub(super) level: usize,
    /// Largest component that the level's codewords may have.
    pub(super) room: i64,
    /// What the largest components of all levels may add up to.
    pub(super) codewords_max: i64,
    /// What the grid leaves out of the rows, in squared grid steps.
    pub(super) loss: f64,
    /// Whether some of the rows have values far beyond all others.
    pub(super) far: bool,
    /// Bounds of the clusters' sizes, where there are any.
    pub(super) sizes: Option<Sizes>,
    /// A squared grid step in squared units of the embeddings.
    pub(super) unit: f64,
}

/// One level as an algorithm leaves it; `squared_error` is over all rows, in squared grid steps.
pub(super) struct LevelFit {
    pub(super) codebook: Codebook,
    pub(super) iterations: usize,
    pub(super) squared_error: u128,
    pub(super) empty_reseeded: u64,
    pub(super) balancing: Option<Balancing>,
}

impl LevelWork<'_> {
    /// Fits the level and leaves its codes in the table. `joint` keeps the codebooks of all levels where mini-batches
    /// train them together.
    pub(super) fn fit(&mut self, joint: &mut Vec<Trained>, callback: Callback<'_>) -> Result<LevelFit> {
        match self.params.algorithm {
            Algorithm::Lloyd => self.best_run(callback),
            Algorithm::MiniBatch(batch) => self.mini_batch(batch, joint, callback),
        }
    }

    /// Squared error per row, in squared units of the embeddings, with what the grid leaves out.
    pub(super) fn per_row(&self, squared_error: u128) -> f64 {
        (squared_error as f64 + self.loss) * self.unit / self.table.rows().max(1) as f64
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters.get(self.level).copied().unwrap_or(1)
    }

    pub(super) fn progress(&self) -> Progress {
        let start = Progress::start(self.clusters.len(), self.params.max_iter);
        Progress { level: self.level, ..start }
    }

    fn best_run(&mut self, callback: Callback<'_>) -> Result<LevelFit> {
        let energy = self.energy()?;
        let mut best: Option<LevelFit> = None;
        let mut codes_are_best = true;
        for run in 0..self.params.n_init {
            let progress = Progress { run, ..self.progress() };
            report(callback, &progress)?;
            let clusters = self.clusters();
            let mut codebook = seed(self.params, self.engine, self.table, clusters, (self.level, run), &mut || {
                report(callback, &progress)
            })?;
            codebook.limit(self.room);
            let fit = lloyd(self, codebook, energy, progress, callback)?;
            codes_are_best = best.as_ref().is_none_or(|best| fit.squared_error < best.squared_error);
            best = if codes_are_best { Some(fit) } else { best };
        }
        let best = match best {
            Some(best) => best,
            None => return Err(crate::Error::parameter("n_init", 0, "must be at least 1")),
        };
        if !codes_are_best {
            match &best.balancing {
                Some(balancing) => self.table.set_codes(&balancing.codes)?,
                None => drop(self.table.assign(&best.codebook)?),
            }
        }
        Ok(best)
    }

    fn mini_batch(&mut self, batch: MiniBatch, joint: &mut Vec<Trained>, callback: Callback<'_>) -> Result<LevelFit> {
        let trained = match batch.layer_wise {
            true => mini_batch::layer(self, batch, callback)?,
            false => {
                if joint.is_empty() {
                    *joint = mini_batch::joint(self, batch, callback)?;
                }
                let missing = || crate::Error::parameter("levels", self.level, "no such level");
                joint.get(self.level).cloned().ok_or_else(missing)?
            }
        };
        let energy = self.energy()?;
        self.table.assign(&trained.codebook)?;
        let squared_error = self.table.sums(self.clusters())?.squared_error(energy, &trained.codebook);
        let Trained { codebook, iterations, empty_reseeded } = trained;
        Ok(LevelFit { codebook, iterations, squared_error, empty_reseeded, balancing: None })
    }

    /// Sum of the rows' squared lengths: their distances from the origin.
    fn energy(&mut self) -> Result<u128> {
        let (rows, dim) = (self.table.rows(), self.table.dim());
        let unbounded = crate::error::try_vec(u64::MAX, rows, "squared lengths")?;
        let lengths = self.table.min_distances(&vec![0; dim], &unbounded)?;
        Ok(lengths.iter().map(|length| u128::from(*length)).sum())
    }
}
