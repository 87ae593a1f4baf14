//! The progress that a long fit reports while it runs.

use crate::error::{ErrorKind, Result};
use std::fmt;
use std::ops::ControlFlow;

/// State of a fit after one iteration, handed to the progress callback.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Progress {
    /// Level being fitted, from 0.
    pub level: usize,
    /// Number of levels.
    pub levels: usize,
    /// Run, from 0 (see `n_init`).
    pub run: usize,
    /// Iteration (or batch) just done, from 1; 0 while the first codewords are being chosen.
    pub iteration: usize,
    /// Most iterations of this run.
    pub max_iter: usize,
    /// Squared error per row before the update of this iteration, in squared units of the embeddings; NaN while
    /// there is none yet.
    pub squared_error: f64,
    /// Rows whose code changed in this iteration.
    pub changed: u64,
    /// Whether all levels are being refined together: `iteration` is then the last round that is done, `max_iter` the
    /// most rounds, `squared_error` that after the round, and `changed` is 0.
    pub refinement: bool,
}

/// How the fit goes, without where it is.
impl fmt::Display for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.refinement {
            return match self.iteration {
                0 => f.write_str("encoding all rows"),
                _ => write!(f, "squared error {}", readable(self.squared_error)),
            };
        }
        match (self.iteration, self.changed) {
            // A frozen level keeps its codewords.
            (0, _) if self.max_iter == 0 => f.write_str("assigning the rows"),
            (0, _) => f.write_str("choosing the first codewords"),
            (_, 1) => write!(f, "squared error {}, 1 row changed", readable(self.squared_error)),
            (_, changed) => write!(f, "squared error {}, {changed} rows changed", readable(self.squared_error)),
        }
    }
}

/// Writes a number such that its size shows: with six decimals, or in powers of ten where those would say too little or
/// too much.
pub(crate) fn readable(value: f64) -> String {
    match value.abs() {
        size if size == 0.0 || (1e-3..1e9).contains(&size) || !size.is_finite() => format!("{value:.6}"),
        _ => format!("{value:.6e}"),
    }
}

/// The callback: called after each iteration, may stop the fit by returning `Break`.
pub(crate) type Callback<'a> = &'a mut dyn FnMut(&Progress) -> ControlFlow<()>;

impl Progress {
    pub(crate) fn start(levels: usize, max_iter: usize) -> Self {
        Self {
            level: 0,
            levels,
            run: 0,
            iteration: 0,
            max_iter,
            squared_error: f64::NAN,
            changed: 0,
            refinement: false,
        }
    }
}

pub(crate) fn report(callback: Callback<'_>, progress: &Progress) -> Result<()> {
    match callback(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(ErrorKind::Cancelled.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_that_keeps_its_codewords_chooses_none() {
        assert_eq!(Progress::start(1, 9).to_string(), "choosing the first codewords");
        assert_eq!(Progress::start(1, 0).to_string(), "assigning the rows");
    }

    #[test]
    fn small_and_large_errors_show_their_size() {
        let said = |squared_error| Progress { iteration: 1, squared_error, ..Progress::start(1, 9) }.to_string();
        for (error, text) in [
            (0.0, "squared error 0.000000, 0 rows changed"),
            (0.25, "squared error 0.250000, 0 rows changed"),
            (8.8e-10, "squared error 8.800000e-10, 0 rows changed"),
            (2.5e72, "squared error 2.500000e72, 0 rows changed"),
        ] {
            assert_eq!(said(error), text);
        }
    }
}
