//! A run of Lloyd's algorithm: when it ends, and how it goes on where a device moves the codewords.

use super::reseed;
use super::update::update;
use super::work::{Balancing, LevelFit, LevelWork, Unit};
use crate::codebook::Codebook;
use crate::device::{Lloyd, Table};
use crate::error::Result;
use crate::population;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// A run between two iterations.
pub(super) struct Run {
    pub(super) codebook: Arc<Codebook>,
    pub(super) empty_reseeded: u64,
    pub(super) progress: Progress,
    iterations: usize,
    /// Whether the codewords moved by no more than the tolerance.
    still: bool,
    max_iter: usize,
    tol: f64,
    /// Whether the squared error is the measure of a movement, see [`LevelWork::far`].
    far: bool,
    unit: Unit,
}

impl Run {
    pub(super) fn new(work: &LevelWork<'_, '_>, codebook: Codebook, progress: Progress) -> Self {
        Self {
            codebook: Arc::new(codebook),
            empty_reseeded: 0,
            progress,
            iterations: 0,
            still: false,
            max_iter: work.most_iterations(),
            tol: work.params.tol,
            far: work.far,
            unit: work.unit(),
        }
    }

    /// Returns whether the codebook is final, after an assignment to it that changed the codes of `changed` rows.
    pub(super) fn is_done(&self, changed: u64) -> bool {
        let unchanged = self.iterations > 0 && changed == 0;
        unchanged || self.still || self.iterations == self.max_iter
    }

    /// Counts an update after which the codewords have moved by `moved`, squared; the rest is about the assignment
    /// before it.
    pub(super) fn count(&mut self, squared_error: u128, changed: u64, moved: u128, variance: f64) {
        // Far values make up nearly all of the variance: measured by it, the first step would be the last.
        let scale = match self.far {
            true => squared_error as f64 / self.unit.rows as f64 / self.codebook.dim() as f64,
            false => variance,
        };
        self.still = moved as f64 <= self.tol * scale;
        self.iterations += 1;
        self.progress.iteration = self.iterations;
        self.progress.squared_error = self.unit.per_row(squared_error);
        self.progress.changed = changed;
    }

    /// Returns the result of the run.
    pub(super) fn fit(&self, squared_error: u128, balancing: Option<Balancing>) -> LevelFit {
        let Self { codebook, iterations, empty_reseeded, .. } = self;
        let (codebook, iterations, empty_reseeded) = (codebook.clone(), *iterations, *empty_reseeded);
        LevelFit { codebook, iterations, squared_error, empty_reseeded, balancing }
    }

    /// Goes on to the end with codewords that move on the device; returns none where it cannot. The rows have the codes
    /// of their nearest codewords in `before`; `energy` is the sum of their squared lengths.
    pub(super) fn go_on_device(
        &mut self,
        work: &mut LevelWork<'_, '_>,
        before: &Arc<Codebook>,
        (energy, variance): (u128, f64),
        callback: Callback<'_>,
    ) -> Result<Option<LevelFit>> {
        let room = work.room;
        // Codewords are within i32.
        let limit = room.min(i64::from(i32::MAX)) as i32;
        let Some(table) = work.residuals.table(&mut || report(callback, &self.progress))? else { return Ok(None) };
        let found = match table.lloyd(&self.codebook, limit)? {
            Some(mut lloyd) => Some(self.iterate(&mut *lloyd, room, (energy, variance), callback)?),
            None => None,
        };
        match found {
            Some(squared_error) => {
                work.residuals.codes_are(&self.codebook);
                Ok(Some(self.fit(squared_error, None)))
            }
            None => {
                work.residuals.codes_are(before);
                Ok(None)
            }
        }
    }

    /// Iterates to the end; returns the squared error.
    fn iterate(
        &mut self,
        lloyd: &mut dyn Lloyd,
        room: i64,
        (energy, variance): (u128, f64),
        callback: Callback<'_>,
    ) -> Result<u128> {
        loop {
            let iteration = lloyd.iterate()?;
            let squared_error = iteration.squared_error(energy);
            let changed = iteration.assigned.changed;
            if self.is_done(changed) {
                self.codebook = Arc::new(lloyd.codewords()?);
                return Ok(squared_error);
            }
            let moved = match iteration.update.empty {
                0 => iteration.update.moved,
                _ => self.reseed(lloyd, room)?,
            };
            self.count(squared_error, changed, moved, variance);
            report(callback, &self.progress)?;
        }
    }

    /// Repeats the update of the last iteration on the host, after far rows have moved to clusters without rows;
    /// returns the sum of the squared movements.
    fn reseed(&mut self, lloyd: &mut dyn Lloyd, room: i64) -> Result<u128> {
        let mut codebook = lloyd.codewords()?;
        let table: &mut dyn Table = lloyd.table();
        let mut partial = table.sums(codebook.clusters())?;
        let far = population::farthest(table, &codebook, codebook.clusters())?;
        let gather = |far: &[u64]| table.gather(&far.iter().map(|row| *row as usize).collect::<Vec<_>>());
        self.empty_reseeded += reseed::refill_from(&mut partial, &far, gather)?;
        let moved = update(&mut codebook, &partial, room);
        lloyd.restart(&codebook)?;
        Ok(moved)
    }
}
