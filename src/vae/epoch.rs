//! Epochs: steps over all rows, then restarts of unused codewords and a validation.

use super::fit::RqVaeFit;
use super::forward::Forward;
use super::model::RqVaeModel;
use super::params::{Keep, RqVae};
use super::report::{EpochReport, RqVaeReport, VaeProgress};
use super::restart;
use super::standard::Standard;
use super::state::BestModel;
use super::validation;
use crate::error::{ErrorKind, Result};
use std::ops::ControlFlow;

impl RqVaeFit {
    /// Trains to the end of the current epoch and validates it; `None` when all epochs are done. The callback comes
    /// after every step and may stop the training, which can go on later.
    ///
    /// # Errors
    /// [`ErrorKind::Cancelled`] where the callback stopped it, [`ErrorKind::Diverged`], and what devices can meet.
    pub fn next_epoch(
        &mut self,
        mut progress: impl FnMut(&VaeProgress<'_>) -> ControlFlow<()>,
    ) -> Result<Option<&EpochReport>> {
        if self.state.epoch >= self.params.epochs {
            return Ok(None);
        }
        let order = self.data.order(self.params.seed, self.state.epoch);
        let mut rows = Vec::new();
        let batches = order.chunks(self.batch());
        let count = batches.len();
        for (i, batch) in batches.enumerate().skip(self.state.batch) {
            self.data.gather(batch, &mut rows);
            let report = self.on_device(|fit| fit.step(&rows))?;
            self.state.tally.add(&report, batch.len(), &self.quantizer.batch.counts);
            self.state.batch = i + 1;
            let shown = VaeProgress {
                epoch: self.state.epoch + 1,
                epochs: self.params.epochs,
                step: self.state.batch,
                steps: count,
                loss: report.loss,
                done: &self.state.reports,
            };
            if progress(&shown).is_break() {
                return Err(ErrorKind::Cancelled.into());
            }
        }
        self.on_device(|fit| fit.end_epoch(&order))?;
        Ok(self.state.reports.last())
    }

    /// The epochs done so far.
    pub fn epochs(&self) -> &[EpochReport] {
        &self.state.reports
    }

    /// Calls `work` on the threads of the engine, where small steps cost least.
    fn on_device<R: Send>(&mut self, work: impl Fn(&mut Self) -> Result<R> + Sync) -> Result<R> {
        let (device, mut result) = (self.device.clone(), None);
        device.engine().run(&mut || result = Some(work(self)));
        result.unwrap_or_else(|| Err(ErrorKind::Cancelled.into()))
    }

    /// Ends the training: returns the model that did best in validation, and the reports of all epochs.
    ///
    /// # Errors
    /// [`ErrorKind::Diverged`] for an untrained model that does not decode to finite values, and what devices can meet.
    pub fn finish(mut self) -> Result<(RqVaeModel, RqVaeReport)> {
        let best = match self.best.take() {
            Some(best) => best,
            None => {
                let untrained = BestModel { epoch: 0, ..self.validate()? };
                self.check_decodes(&untrained)?;
                untrained
            }
        };
        let report = RqVaeReport {
            rows: self.data.len(),
            dim: self.data.dim,
            best_epoch: best.epoch,
            epochs: self.state.reports,
            saturated_values: self.data.saturation.values,
            outliers: self.data.saturation.outliers(),
        };
        let mut model = best.model;
        model.origin = self.params.origin(&self.warm_start)?;
        Ok((model, report))
    }

    /// The learning rate of the next step.
    pub(super) fn lr(&self) -> f64 {
        let steps = self.data.len().div_ceil(self.batch()) as u64;
        let RqVae { epochs, warmup, .. } = self.params;
        self.params.lr_of(self.data.len()) * self.params.schedule.factor(self.state.step, steps, epochs, warmup)
    }

    fn end_epoch(&mut self, order: &[usize]) -> Result<()> {
        let lr = self.lr();
        if self.params.revive {
            self.restart_unused(order)?;
        }
        let best = self.validate()?;
        let tally = std::mem::take(&mut self.state.tally);
        self.state.reports.push(tally.report(self.state.epoch + 1, lr, &best.validation));
        let better = match &self.best {
            None => true,
            Some(before) => match self.params.keep {
                Keep::Loss => best.validation.reconstruction < before.validation.reconstruction,
                Keep::Collisions => best.validation.collisions_first() < before.validation.collisions_first(),
                Keep::Last => true,
            },
        };
        if better {
            self.check_decodes(&best)?;
            self.best = Some(best);
        }
        self.state.epoch += 1;
        self.state.batch = 0;
        Ok(())
    }

    /// Refuses a model that does not decode its own training rows to numbers.
    fn check_decodes(&self, candidate: &BestModel) -> Result<()> {
        let decodes = candidate.model.check_decodes(&self.data.train, &self.device);
        decodes.map_err(|error| match error.kind() {
            ErrorKind::Undecodable { .. } | ErrorKind::FarRow { .. } => {
                let epoch = candidate.epoch;
                let what =
                    format!("the model of epoch {epoch} does not decode codes of training rows to finite values");
                ErrorKind::Diverged { what }.into()
            }
            _ => error,
        })
    }

    /// Restarts codewords that had no rows in this epoch at what the levels before left of rows, each of another row
    /// while there are enough, in the order of the epoch.
    fn restart_unused(&mut self, order: &[usize]) -> Result<()> {
        let unused = self.state.tally.unused();
        let count = unused.iter().map(Vec::len).sum::<usize>().min(order.len());
        if count == 0 {
            return Ok(());
        }
        let mut rows = Vec::new();
        self.data.gather(order.get(..count).unwrap_or_default(), &mut rows);
        let model = self.model()?;
        let latents = model.latents(&rows, &self.device)?;
        restart::restart_unused(&mut self.quantizer, &latents, &unused);
        Ok(())
    }

    /// The model as it is now.
    pub(super) fn model(&mut self) -> Result<RqVaeModel> {
        if !self.skip && self.quantizer.has_outgrown() {
            self.quantizer.choose_grid(&[]);
        }
        let encoder = self.encoder.layers(&mut *self.tensors)?;
        let decoder = self.decoder.layers(&mut *self.tensors)?;
        let standard: Standard = self.data.standard.clone();
        RqVaeModel::of_training(&self.params, standard, encoder, decoder, &self.quantizer, self.skip)
    }

    /// The model as it is now, and how it does on the rows that epochs are validated on.
    fn validate(&mut self) -> Result<BestModel> {
        if self.state.step == 0 && !self.skip {
            // Codebooks need a grid to become a model, and only a step chooses one.
            let layers = self.encoder.layers(&mut *self.tensors)?;
            let rows = self.data.train.chunks(self.batch() * self.data.dim).next().unwrap_or_default();
            self.quantizer.choose_grid(&Forward::once(&layers, &self.params, rows, &self.device)?);
        }
        let model = self.model()?;
        let validation = validation::validate(&self.params, &model, self.data.validation_rows(), &self.device)?;
        if !validation.loss.is_finite() {
            let what = format!(
                "the loss of the rows that epoch {} is validated on is {}",
                self.state.epoch + 1,
                validation.loss
            );
            return Err(ErrorKind::Diverged { what }.into());
        }
        Ok(BestModel { validation, epoch: self.state.epoch + 1, model })
    }
}
