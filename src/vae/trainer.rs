//! Networks as a kind that is trained.

use super::fit::RqVaeFit;
use super::model::RqVaeModel;
use super::params::RqVae;
use super::report::{RqVaeReport, VaeProgress};
use crate::device::Device;
use crate::error::{Error, Result};
use crate::fields::{Fields, fields};
use crate::quantizer::{
    Quantizer, Tell, TrainOption, TrainOptions, Trainer, Training, TrainingProgress, TrainingReport, unsupported,
};
use crate::rows::Rows;
use crate::rq;
use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;

impl Trainer for RqVae {
    fn kind(&self) -> &'static str {
        super::NAME
    }

    fn parameters(&self) -> Result<Fields> {
        fields(self)
    }

    fn variant(&self, clusters: &[usize], seed: u64, _: bool) -> Arc<dyn Trainer> {
        Arc::new(self.variant(clusters, seed))
    }

    fn check(&self, rows: usize, dim: usize) -> Result<()> {
        self.check_rows(rows, dim)
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        no_frozen_levels(options)?;
        check_weights(self.kind(), options)?;
        let fit = match options.checkpoint.filter(|path| path.exists()) {
            Some(path) => self.resume(path, rows, device),
            None => self.begin_with(rows, device, rq::telling(tell)),
        };
        Ok(Box::new(NetworkTraining::new(fit?, options)))
    }

    fn takes(&self, option: TrainOption) -> bool {
        option == TrainOption::Checkpoint
    }

    fn first_settings(&self) -> Vec<(&'static str, String)> {
        super::legacy::settings(self)
    }
}

/// Refuses frozen levels, which only fits level by level have.
pub(super) fn no_frozen_levels(options: &TrainOptions<'_>) -> Result<()> {
    let expected = "must be 0, as a network trains all levels together";
    match options.freeze_levels {
        0 => Ok(()),
        frozen => Err(Error::parameter("freeze_levels", frozen, expected)),
    }
}

/// Refuses weights and labels, which the steps of a network do not know.
pub(super) fn check_weights(kind: &'static str, options: &TrainOptions<'_>) -> Result<()> {
    match (options.weights, options.labels) {
        (None, None) => Ok(()),
        (Some(_), _) => Err(unsupported(kind, "weights of rows")),
        (None, Some(_)) => Err(unsupported(kind, "levels that labels give")),
    }
}

/// The training of a network; all levels are trained together.
pub(super) struct NetworkTraining {
    state: TrainingStage,
    checkpoint: Option<PathBuf>,
}

enum TrainingStage {
    Training(Box<RqVaeFit>),
    Ended(Box<(RqVaeModel, RqVaeReport)>),
    /// The end itself failed.
    Failed,
}

impl NetworkTraining {
    pub(super) fn new(fit: RqVaeFit, options: &TrainOptions<'_>) -> Self {
        Self { state: TrainingStage::Training(Box::new(fit)), checkpoint: options.checkpoint.map(Into::into) }
    }

    fn ended(&self) -> Result<(&RqVaeModel, &RqVaeReport)> {
        match &self.state {
            TrainingStage::Ended(ended) => Ok((&ended.0, &ended.1)),
            _ => Err(Error::parameter("levels", 0, "must be at least 1; train the network first")),
        }
    }
}

impl Training for NetworkTraining {
    fn levels(&self) -> usize {
        self.ended().map_or(0, |(model, _)| model.quantizer.levels().len())
    }

    fn advance(&mut self, tell: Tell<'_>) -> Result<bool> {
        let TrainingStage::Training(fit) = &mut self.state else { return Ok(false) };
        fit.train(self.checkpoint.as_deref(), telling(tell))?;
        if let TrainingStage::Training(fit) = std::mem::replace(&mut self.state, TrainingStage::Failed) {
            self.state = TrainingStage::Ended(Box::new(fit.finish()?));
        }
        Ok(true)
    }

    fn model(&self) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.ended()?.0.clone()))
    }

    fn report(&self) -> Result<TrainingReport> {
        let report = self.ended()?.1.clone();
        Ok(TrainingReport { rows: report.rows, dim: report.dim, details: Box::new(report) })
    }

    fn finished_parts(&self) -> usize {
        match &self.state {
            TrainingStage::Training(fit) => fit.epochs().len(),
            TrainingStage::Ended(ended) => ended.1.epochs.len(),
            TrainingStage::Failed => 0,
        }
    }
}

/// Tells the progress of a network in the form of all trainings.
fn telling(tell: Tell<'_>) -> impl FnMut(&VaeProgress<'_>) -> ControlFlow<()> {
    move |progress| {
        tell(&TrainingProgress {
            part: "epoch",
            number: progress.epoch,
            parts: progress.epochs,
            step: "step",
            done: progress.step,
            most: progress.steps,
            state: format_args!("{progress}"),
        })
    }
}
