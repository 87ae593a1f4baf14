//! Reports the progress of a long evaluation.

use crate::error::{ErrorKind, Result};
use std::ops::ControlFlow;

/// The progress of an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EvaluationProgress {
    /// The present stage of the evaluation.
    pub stage: &'static str,
    /// Comparisons of two rows that this stage has done.
    pub done: u64,
    /// Comparisons that this stage takes; 0 where that is not known.
    pub total: u64,
}

/// A callback that may return `Break` to stop the evaluation.
pub(super) type Callback<'a> = &'a mut dyn FnMut(&EvaluationProgress) -> ControlFlow<()>;

/// Calls the callback, and returns an error if it wants to stop.
pub(super) fn tell(progress: Callback<'_>, stage: &'static str, done: u64, total: u64) -> Result<()> {
    match progress(&EvaluationProgress { stage, done, total }) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ErrorKind::Cancelled.into()),
    }
}

/// Adds up comparisons and reports the sum.
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
