//! Residual k-means as a kind that is trained.

use super::fit::{FirstLevels, Fit, Given};
use super::params::{Metric, RqKMeans};
use super::progress::Progress;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::fields::{Fields, fields};
use crate::quantizer::{
    self, Quantizer, Tell, TrainOption, TrainOptions, Trainer, Training, TrainingProgress, TrainingReport,
};
use crate::rows::Rows;
use std::ops::ControlFlow;
use std::sync::Arc;

impl Trainer for RqKMeans {
    fn kind(&self) -> &'static str {
        super::KIND.name
    }

    fn parameters(&self) -> Result<Fields> {
        fields(self)
    }

    fn variant(&self, clusters: &[usize], seed: u64, balanced: bool) -> Arc<dyn Trainer> {
        Arc::new(self.variant(clusters, balanced, seed))
    }

    fn check(&self, rows: usize, dim: usize) -> Result<()> {
        self.check(rows, dim).map(drop)
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &'a Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        let mut tell = telling(tell);
        let given = Given { weights: options.weights, labels: options.labels };
        let fit = match options.first_levels {
            None => self.begin_on(None, rows, given, device, &mut tell),
            Some(levels) => match levels.downcast_ref::<FirstLevels>() {
                Some(levels) => self.go_on_with(levels, rows, given, device, &mut tell),
                None => Err(Error::parameter("first_levels", "others", "levels of residual k-means")),
            },
        };
        Ok(Box::new(fit?))
    }

    fn takes(&self, option: TrainOption) -> bool {
        matches!(option, TrainOption::Balance | TrainOption::Memory | TrainOption::Weights | TrainOption::Labels)
    }

    fn levels_stand_alone(&self) -> bool {
        self.levels_stand_alone()
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn reconstructs(&self) -> bool {
        !self.normalize_residuals
    }

    fn first_settings(&self) -> Vec<(&'static str, String)> {
        super::legacy::settings(self)
    }
}

impl Training for Fit<'_> {
    fn levels(&self) -> usize {
        self.levels()
    }

    fn advance(&mut self, tell: Tell<'_>) -> Result<bool> {
        Ok(self.next_level_with(telling(tell))?.is_some())
    }

    fn model(&self) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.model()?))
    }

    fn report(&self) -> Result<TrainingReport> {
        let report = self.report();
        Ok(TrainingReport { rows: report.rows, dim: report.dim, details: Box::new(report) })
    }

    fn first_levels(&self) -> Option<quantizer::FirstLevels> {
        Some(Arc::new(self.first_levels()))
    }
}

/// Tells the progress of a fit in the form of all trainings.
pub(crate) fn telling(tell: Tell<'_>) -> impl FnMut(&Progress) -> ControlFlow<()> {
    move |progress| {
        tell(&TrainingProgress {
            part: "level",
            number: progress.level + 1,
            parts: progress.levels,
            step: "iteration",
            done: progress.iteration,
            most: progress.max_iter,
            state: format_args!("{progress}"),
        })
    }
}
