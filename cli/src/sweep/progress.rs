//! The progress of a sweep, and what is said where it ends early.

use crate::args::{Common, SweepArgs};
use crate::interrupt;
use crate::output::Failure;
use crate::progress::Bar;
use semid::ErrorKind;
use semid::sweep::{SweepParameters, SweepStage};
use std::path::{Path, PathBuf};

/// The progress that is shown, and what failures need to know.
pub(super) struct SweepProgress {
    pub(super) bar: Bar,
    output: PathBuf,
    /// The present run, with the number of all runs.
    run: Option<(String, usize)>,
    finished: usize,
    /// How many finished runs needed no work.
    pub(super) kept: usize,
    worked: bool,
}

impl SweepProgress {
    pub(super) fn new(common: &Common, output: &Path) -> Self {
        let bar = Bar::sweep(common);
        bar.name("reading");
        Self { bar, output: output.to_owned(), run: None, finished: 0, kept: 0, worked: false }
    }

    pub(super) fn show(&mut self, run: usize, runs: usize, parameters: &SweepParameters, stage: SweepStage<'_>) {
        let name = parameters.name();
        match stage {
            SweepStage::Finished(_) => {
                self.finished = run + 1;
                interrupt::say(self.goes_on(runs));
                self.kept += usize::from(!std::mem::take(&mut self.worked));
            }
            SweepStage::Evaluation(_) => self.worked = true,
            _ => {}
        }
        self.bar.sweep_stage(&format!("{}/{runs} {name}", run + 1), stage);
        self.run = Some((name, runs));
    }

    /// Returns the message for a sweep that was stopped.
    fn goes_on(&self, runs: usize) -> String {
        let (finished, output) = (self.finished, self.output.display());
        format!("interrupted; {finished} of {runs} runs are finished, the same command goes on from {output}")
    }

    /// Returns a failure; it names the run, and after Ctrl-C it says how to go on.
    pub(super) fn failure(&self, error: semid::Error, args: &SweepArgs) -> Failure {
        let Some((name, runs)) = &self.run else { return Failure::of_rows(error, &args.input.name()) };
        match error.kind() {
            ErrorKind::Cancelled if self.finished > 0 => Failure::Stopped(self.goes_on(*runs)),
            ErrorKind::Cancelled => Failure::Interrupted,
            _ => Failure::Error(format!("run {name}: {error}")),
        }
    }
}
