//! Trains a model, which a checkpoint may keep.

use super::warm_start::Started;
use crate::args::FitArgs;
use crate::input::Input;
use crate::interrupt;
use crate::output::Failure;
use crate::progress::Bar;
use semid::quantizer::{Parameters, TrainOptions, TrainingProgress, TrainingReport};
use semid::{Device, ErrorKind, LabelledFit, Model, Rows, Weights};
use std::path::Path;

/// Holds what a training works with.
pub(super) struct TrainingSetup<'a> {
    pub(super) args: &'a FitArgs,
    pub(super) params: &'a Parameters,
    pub(super) input: &'a Input,
    pub(super) rows: &'a dyn Rows,
    pub(super) device: &'a Device,
    pub(super) warm_start: Option<&'a Started>,
    pub(super) weights: Option<&'a Weights>,
    pub(super) labels: Option<LabelledFit<'a>>,
}

impl TrainingSetup<'_> {
    /// Trains to the end, unless it is interrupted.
    pub(super) fn train(&self, bar: &Bar) -> Result<(Model, TrainingReport), Failure> {
        let mut options = TrainOptions::default();
        options.checkpoint = self.args.vae.checkpoint.as_deref();
        if let Some(started) = self.warm_start {
            options.warm_start = Some(&*started.model);
            options.freeze_levels = started.freeze_levels;
        }
        options.weights = self.weights;
        options.labels = self.labels;
        // Until the first step is done, the bar shows how many rows were read.
        let mut tell = |progress: &TrainingProgress<'_>| {
            if progress.done > 0 {
                bar.trained(progress);
            }
            interrupt::flow()
        };
        let training = self.params.begin(self.rows, self.device, &options, &mut tell);
        let mut training = training.map_err(|error| self.input.failure(error))?;
        let mut tell = |progress: &TrainingProgress<'_>| {
            bar.trained(progress);
            if let Some(path) = options.checkpoint.filter(|_| progress.number > 1) {
                interrupt::say(goes_on(path));
            }
            interrupt::flow()
        };
        loop {
            match training.advance(&mut tell) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => return Err(self.stopped(error, training.finished_parts())),
            }
        }
        interrupt::check().map_err(|error| self.stopped(error, training.finished_parts()))?;
        Ok((training.model()?.into(), training.report()?))
    }

    /// Makes the failure of a training that ended after that many epochs; with a checkpoint it says how to go on.
    fn stopped(&self, error: semid::Error, epochs: usize) -> Failure {
        let Some(path) = &self.args.vae.checkpoint else { return self.input.failure(error) };
        // A schedule that depends on the number of epochs makes a shorter training another one.
        let fields = self.params.parameters();
        let depends = || fields.is_ok_and(|fields| fields.get("schedule").is_some_and(|is| is == "cosine"));
        match error.kind() {
            ErrorKind::Cancelled => Failure::Stopped(goes_on(path)),
            ErrorKind::Diverged { .. } if epochs > 0 && !depends() => {
                let how = format!("the same command with --epochs {epochs} saves the best model until then");
                let path = path.display();
                Failure::Error(format!("{error}; {path} keeps the state after epoch {epochs}: {how}"))
            }
            _ => self.input.failure(error),
        }
    }
}

fn goes_on(checkpoint: &Path) -> String {
    format!("interrupted; the same command goes on from {}", checkpoint.display())
}
