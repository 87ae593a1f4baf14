//! Shows progress on stderr: a bar on a terminal, and plain lines elsewhere.

mod lines;

use crate::args::Common;
use indicatif::{HumanCount, HumanDuration, ProgressBar, ProgressState, ProgressStyle};
use semid::metrics::EvaluationProgress;
use semid::quantizer::TrainingProgress;
use semid::sweep::SweepStage;
use std::fmt::Write;
use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use lines::Lines;
pub(crate) use lines::log_instead;

/// A bar that vanishes when it is dropped; without a terminal it prints lines instead.
pub(crate) struct Bar {
    bar: ProgressBar,
    lines: Lines,
    verbose: bool,
    /// Whether the rows are still read for the first time.
    reading: AtomicBool,
    /// The number of the present step, and the text for the end of this step.
    step: Mutex<Option<(usize, String)>>,
}

impl Bar {
    /// Makes a bar for the iterations of a fit.
    pub(crate) fn fit(common: &Common) -> Self {
        let bar = Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {pos}/{len} {wide_msg}");
        bar.bar.set_length(1);
        bar.name("reading");
        bar.reading.store(true, Relaxed);
        bar
    }

    /// Makes a bar for `rows` rows.
    pub(crate) fn rows(common: &Common, rows: usize) -> Self {
        let bar = Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {rows}");
        if rows > 0 {
            bar.bar.set_length(rows as u64);
        }
        bar
    }

    /// Makes a bar for the comparisons of an evaluation.
    pub(crate) fn comparisons(common: &Common) -> Self {
        Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {percent} %, {eta} left")
    }

    /// Makes a bar for the stages of a sweep.
    pub(crate) fn sweep(common: &Common) -> Self {
        Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {wide_msg}")
    }

    fn new(common: &Common, template: &str) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let bar = if common.quiet || dumb || !std::io::stderr().is_terminal() {
            ProgressBar::hidden()
        } else {
            let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
            let style = style.progress_chars("=> ").with_key("rows", rows);
            let bar = ProgressBar::no_length().with_style(style);
            bar.enable_steady_tick(Duration::from_millis(200));
            bar
        };
        Self {
            bar,
            lines: Lines::new(common),
            verbose: common.verbose,
            reading: AtomicBool::new(false),
            step: Mutex::new(None),
        }
    }

    /// Says what the step with this number does; when another step begins, prints how it ended.
    fn step(&self, number: usize, text: String) {
        self.lines.now(|| text.clone());
        let mut step = self.step.lock().unwrap_or_else(PoisonError::into_inner);
        if self.verbose {
            // A fit may call while nothing has changed, so that it can be interrupted.
            if step.as_ref().is_none_or(|(_, before)| *before != text) {
                self.line(&text);
            }
        } else if let Some((_, done)) = step.as_ref().filter(|(before, _)| *before != number) {
            self.line(done);
        }
        *step = Some((number, text));
    }

    fn line(&self, text: &str) {
        self.lines.line(text);
        if self.verbose {
            self.bar.println(text);
        }
    }

    /// Sets what the rows are read for.
    pub(crate) fn name(&self, name: impl Into<String>) {
        let name = name.into();
        self.lines.now(|| name.clone());
        self.bar.set_prefix(name);
    }

    /// Shows that `rows` rows are done.
    pub(crate) fn done(&self, rows: usize) {
        self.bar.set_position(rows as u64);
        let total = || self.bar.length().unwrap_or(0);
        self.lines.now(|| format!("{}: {rows} of {} rows", self.bar.prefix(), total()));
    }

    /// Shows that `rows` of `total` rows are done.
    pub(crate) fn of(&self, rows: usize, total: usize) {
        self.bar.set_length(total as u64);
        self.done(rows);
    }

    /// Shows that `rows` of `total` rows were read, until a fit has begun.
    pub(crate) fn read(&self, rows: usize, total: usize) {
        if self.reading.load(Relaxed) {
            self.of(rows, total);
        }
    }

    /// Shows the progress of an evaluation.
    pub(crate) fn compared(&self, progress: &EvaluationProgress) {
        self.bar.set_prefix(progress.stage);
        self.bar.set_length(progress.total.max(1));
        self.bar.set_position(progress.done);
        let percent = 100.0 * progress.done as f64 / progress.total.max(1) as f64;
        self.lines.now(|| format!("{}: {percent:.0} %", progress.stage));
    }

    /// Shows the state of a training.
    pub(crate) fn trained(&self, progress: &TrainingProgress<'_>) {
        self.reading.store(false, Relaxed);
        let TrainingProgress { part, number, parts, step, done, most, state } = progress;
        self.bar.set_prefix(format!("{part} {number}/{parts}"));
        self.bar.set_length(*most as u64);
        self.bar.set_position(*done as u64);
        self.step(*number, format!("{part} {number}/{parts}, {step} {done} of at most {most}: {state}"));
        self.bar.set_message(state.to_string());
    }
}

impl Bar {
    /// Shows what a run of a sweep is doing.
    pub(crate) fn sweep_stage(&self, run: &str, stage: SweepStage<'_>) {
        let (done, total, message) = match stage {
            SweepStage::Train(TrainingProgress { part, number, parts, done, most, .. }) => {
                (*done, *most, format!("{part} {number}/{parts}"))
            }
            SweepStage::Evaluation(of) => (of.done as usize, of.total as usize, of.stage.to_owned()),
            _ => (1, 1, "finished".to_owned()),
        };
        let text = format!("run {run}: {message}");
        match stage {
            SweepStage::Finished(_) => self.line(&text),
            _ if self.verbose => self.line(&text),
            _ => self.lines.now(|| text),
        }
        self.bar.set_prefix(run.to_owned());
        self.bar.set_length(total.max(1) as u64);
        self.bar.set_position(done as u64);
        self.bar.set_message(message);
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        let last = self.step.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((_, text)) = last.filter(|_| !self.verbose) {
            self.line(&text);
        }
        self.bar.finish_and_clear();
    }
}

/// Writes how many rows are done, of how many, how many are done in a second, and how long the others take; nothing
/// while the number of all rows is unknown.
fn rows(state: &ProgressState, out: &mut dyn Write) {
    if let Some(all) = state.len().filter(|all| *all > 0) {
        let (speed, eta) = (HumanCount(state.per_sec() as u64), HumanDuration(state.eta()));
        let _ = write!(out, "{}/{all} rows, {speed} rows/s, {eta:#} left", state.pos());
    }
}
