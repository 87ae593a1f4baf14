//! The progress of a long evaluation.

use crate::error::{ErrorKind, Result};
use std::ops::ControlFlow;

/// How far an evaluation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvaluationProgress {
    /// The stage that the evaluation is at.
    pub stage: &'static str,
    /// Comparisons of two rows done at this stage.
    pub done: u64,
    /// Comparisons that it takes; 0 where that is not known.
    pub total: u64,
}

/// May stop the evaluation by returning `Break`.
pub(super) type Callback<'a> = &'a mut dyn FnMut(&EvaluationProgress) -> ControlFlow<()>;

/// Tells, and stops where the callback wants to.
pub(super) fn tell(progress: Callback<'_>, stage: &'static str, done: u64, total: u64) -> Result<()> {
    match progress(&EvaluationProgress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ErrorKind::Cancelled.into()),
    }
}

/// Adds up comparisons and tells.
pub(super) fn counter(
    progress: Callback<'_>,
    stage: &'static str,
    queries: usize,
    points: usize,
) -> impl FnMut(u64) -> Result<()> {
    let (mut done, total) = (0, queries as u64 * points as u64);
    move |more| {
        done += more;
        tell(progress, stage, done, total)
    }
}
