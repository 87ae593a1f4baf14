//! Residual k-means as a kind that is trained.

use super::fit::{FirstLevels, Fit, Given, Start, WarmStart};
use super::model::RqKMeansModel;
use super::params::{Metric, RqKMeans};
use super::progress::Progress;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::fields::{Fields, fields};
use crate::quantizer::{
    self, Quantizer, Tell, TrainOption, TrainOptions, Trainer, Training, TrainingProgress, TrainingReport,
    no_model_to_freeze,
};
use crate::rows::Rows;
use std::any::Any;
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

    fn check_options(&self, options: &TrainOptions<'_>, rows: usize, dim: usize) -> Result<()> {
        self.check_weights(options.weights, rows)?;
        let given = Given { weights: options.weights, labels: options.labels };
        match options.warm_start {
            None => self.check_labels(&given, &Start::Rows, rows),
            Some(model) => {
                let start = WarmStart::new(k_means(model)?).freeze_levels(options.freeze_levels);
                start.check(self, dim)?;
                self.check_labels(&given, &Start::Model(&start), rows)
            }
        }
    }

    fn begin<'a>(
        &self,
        rows: &'a dyn Rows,
        device: &Device,
        options: &TrainOptions<'_>,
        tell: Tell<'_>,
    ) -> Result<Box<dyn Training + 'a>> {
        let mut tell = telling(tell);
        if options.freeze_levels > 0 && options.warm_start.is_none() {
            return Err(no_model_to_freeze(options.freeze_levels));
        }
        let given = Given { weights: options.weights, labels: options.labels };
        let fit = match (options.warm_start, options.first_levels) {
            (Some(model), _) => {
                let start = WarmStart::new(k_means(model)?).freeze_levels(options.freeze_levels);
                self.begin_on(Start::Model(&start), rows, given, device, &mut tell)
            }
            (None, None) => self.begin_on(Start::Rows, rows, given, device, &mut tell),
            (None, Some(levels)) => match levels.downcast_ref::<FirstLevels>() {
                Some(levels) => self.go_on_with(levels, rows, given, device, &mut tell),
                None => Err(Error::parameter("first_levels", "others", "must be levels of residual k-means")),
            },
        };
        Ok(Box::new(fit?))
    }

    fn takes(&self, option: TrainOption) -> bool {
        use TrainOption::{Balance, FreezeLevels, Labels, Memory, WarmStart, Weights};
        matches!(option, Balance | Memory | WarmStart | FreezeLevels | Weights | Labels)
    }

    fn levels_stand_alone(&self) -> bool {
        self.levels_stand_alone()
    }

    fn has_grid(&self) -> bool {
        self.metric == Metric::L2
    }

    fn metric(&self) -> Metric {
        self.metric
    }

    fn reconstructs(&self) -> bool {
        !self.normalize_residuals
    }

    fn takes_beam(&self) -> bool {
        !self.normalize_residuals
    }

    fn check_warm_start(&self, model: &dyn Quantizer) -> Result<()> {
        WarmStart::new(k_means(model)?).check_model()
    }

    fn first_settings(&self) -> Vec<(&'static str, String)> {
        super::legacy::settings(self)
    }
}

/// Returns the model as one of residual k-means; refuses any other kind.
pub(crate) fn k_means(model: &dyn Quantizer) -> Result<&RqKMeansModel> {
    let expected = "must be an rq-kmeans model";
    (model as &dyn Any).downcast_ref().ok_or_else(|| Error::parameter("warm_start", model.kind(), expected))
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
        // Refined levels are not those that a fit of more levels begins with.
        self.refinement.is_none().then(|| Arc::new(self.first_levels()) as quantizer::FirstLevels)
    }
}

/// Tells the progress of a fit in the form of all trainings.
pub(crate) fn telling(tell: Tell<'_>) -> impl FnMut(&Progress) -> ControlFlow<()> {
    move |progress| {
        let (part, number, parts, step) = match progress.refinement {
            true => ("refinement", 1, 1, "round"),
            false => ("level", progress.level + 1, progress.levels, "iteration"),
        };
        let (done, most) = (progress.iteration, progress.max_iter);
        tell(&TrainingProgress { part, number, parts, step, done, most, state: format_args!("{progress}") })
    }
}
