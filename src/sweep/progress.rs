//! What a sweep tells while it runs.

use super::record::{SweepParameters, SweepRecord};
use crate::metrics::EvaluationProgress;
use crate::rq::Progress;
use crate::vae::VaeProgress;
use std::ops::ControlFlow;

/// Where a sweep is.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct SweepProgress<'a> {
    /// Run being worked on, from 0.
    pub run: usize,
    /// Number of runs.
    pub runs: usize,
    /// What the run has of the grid.
    pub parameters: &'a SweepParameters,
    /// What is being done.
    pub stage: SweepStage<'a>,
}

/// What is being done for a run.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum SweepStage<'a> {
    /// Levels are fitted.
    Fit(&'a Progress),
    /// A network is trained.
    Train(&'a VaeProgress<'a>),
    /// The model is measured.
    Evaluation(&'a EvaluationProgress),
    /// The run is in the file, from now on or from before.
    Finished(&'a SweepRecord),
}

/// May stop the sweep by returning `Break`.
pub(super) type Callback<'a> = &'a mut dyn FnMut(&SweepProgress<'_>) -> ControlFlow<()>;
