//! A training in progress, whatever the kind of its model.

use super::Quantizer;
use crate::error::Result;
use std::any::Any;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Hears of the progress of a training; `Break` ends it with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
pub(crate) type Tell<'a> = &'a mut dyn FnMut(&TrainingProgress<'_>) -> ControlFlow<()>;

/// First levels that several trainings share, in a form that only their kind knows.
pub type FirstLevels = Arc<dyn Any + Send + Sync>;

/// A training in progress.
pub trait Training {
    /// Counts the levels that the model has so far.
    fn levels(&self) -> usize;

    /// Trains the next level, or all levels where they are trained together; returns `false` once all levels are
    /// trained.
    ///
    /// # Errors
    /// As for [`Trainer::begin`](super::Trainer::begin).
    fn advance(&mut self, tell: Tell<'_>) -> Result<bool>;

    /// Makes a model of the levels so far; the training may go on.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where there is no level yet.
    fn model(&self) -> Result<Arc<dyn Quantizer>>;

    /// Reports on the training so far.
    ///
    /// # Errors
    /// As for [`Training::model`].
    fn report(&self) -> Result<TrainingReport>;

    /// Counts the finished parts, levels or epochs; this works after an error too.
    fn finished_parts(&self) -> usize {
        self.levels()
    }

    /// Returns the levels so far, for trainings that go on after them; `None` where a kind does not share levels.
    fn first_levels(&self) -> Option<FirstLevels> {
        None
    }
}

/// The progress of a training.
#[derive(Clone, Copy, Debug)]
pub struct TrainingProgress<'a> {
    /// Name of the parts that are trained one after the other: `level` or `epoch`, or `refinement` of all levels.
    pub part: &'static str,
    /// Number of the part under way, from 1.
    pub number: usize,
    /// Number of all parts.
    pub parts: usize,
    /// Name of the steps of a part: `iteration`, `step`, or `round` of a refinement.
    pub step: &'static str,
    /// Steps of this part that are done.
    pub done: usize,
    /// Most steps of this part.
    pub most: usize,
    /// How the training goes, in words.
    pub state: fmt::Arguments<'a>,
}

/// The report of a training.
#[derive(Debug)]
pub struct TrainingReport {
    /// Rows trained on.
    pub rows: usize,
    /// Dimensions of a row.
    pub dim: usize,
    /// The report of the kind: a [`FitReport`](crate::rq::FitReport) or a [`RqVaeReport`](crate::vae::RqVaeReport) for
    /// the kinds of this crate.
    pub details: Box<dyn Any + Send>,
}

/// The finished training of a kind that trains all at once.
pub struct FinishedTraining {
    model: Arc<dyn Quantizer>,
    rows: usize,
}

impl FinishedTraining {
    /// Makes the finished training of `model`, which was trained on `rows` rows.
    pub fn new(model: impl Quantizer, rows: usize) -> Self {
        Self { model: Arc::new(model), rows }
    }
}

impl Training for FinishedTraining {
    fn levels(&self) -> usize {
        self.model.levels()
    }

    fn advance(&mut self, _: Tell<'_>) -> Result<bool> {
        Ok(false)
    }

    fn model(&self) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::clone(&self.model))
    }

    fn report(&self) -> Result<TrainingReport> {
        Ok(TrainingReport { rows: self.rows, dim: self.model.dim(), details: Box::new(()) })
    }
}
