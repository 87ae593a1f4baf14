//! The progress of a sweep.

use super::record::{SweepParameters, SweepRecord};
use crate::metrics::EvaluationProgress;
use crate::quantizer::TrainingProgress;
use std::ops::ControlFlow;

/// A report on how far a sweep is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SweepProgress<'a> {
    /// Number of the current run, from 0.
    pub run: usize,
    /// Number of runs.
    pub runs: usize,
    /// The parameters of the run, one point of the grid.
    pub parameters: &'a SweepParameters,
    /// The stage that the run is at.
    pub stage: SweepStage<'a>,
}

/// The stage that a run is at.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SweepStage<'a> {
    /// The model is trained.
    Train(&'a TrainingProgress<'a>),
    /// The model is measured.
    Evaluation(&'a EvaluationProgress),
    /// The line of the run is in the file, where it may have been before.
    Finished(&'a SweepRecord),
}

/// Hears of the progress of a sweep, and may stop it by returning `Break`.
pub(super) type Callback<'a> = &'a mut dyn FnMut(&SweepProgress<'_>) -> ControlFlow<()>;
