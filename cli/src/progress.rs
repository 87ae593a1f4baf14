//! Progress on stderr, where that is a terminal.

use crate::args::Common;
use indicatif::{ProgressBar, ProgressStyle};
use semid::metrics::EvaluationProgress;
use semid::rq::Progress;
use semid::sweep::SweepStage;
use semid::vae::VaeProgress;
use semid::{Result, Rows};
use std::io::IsTerminal;
use std::time::Duration;

/// A bar that vanishes when it is dropped, and does not appear where nobody would see it.
pub(crate) struct Bar(ProgressBar);

impl Bar {
    /// A bar for the iterations of a fit.
    pub(crate) fn fit(common: &Common) -> Self {
        let bar = Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {pos}/{len} {wide_msg}");
        bar.0.set_length(1);
        bar.name("reading");
        bar
    }

    /// A bar for `rows` rows.
    pub(crate) fn rows(common: &Common, rows: usize) -> Self {
        let bar = Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {pos}/{len} rows, {per_sec}, {eta} left");
        bar.0.set_length(rows as u64);
        bar
    }

    /// A bar for the comparisons of an evaluation.
    pub(crate) fn comparisons(common: &Common) -> Self {
        Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {percent} %, {eta} left")
    }

    /// A bar for the stages of a sweep.
    pub(crate) fn sweep(common: &Common) -> Self {
        Self::new(common, "{elapsed_precise} {prefix} [{bar:24}] {wide_msg}")
    }

    fn new(common: &Common, template: &str) -> Self {
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        if common.quiet || dumb || !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = ProgressBar::new(0).with_style(style.progress_chars("=> "));
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// What the rows are for.
    pub(crate) fn name(&self, name: impl Into<String>) {
        self.0.set_prefix(name.into());
    }

    /// Shows that `rows` rows are done.
    pub(crate) fn done(&self, rows: usize) {
        self.0.set_position(rows as u64);
    }

    /// Shows how far an evaluation is.
    pub(crate) fn compared(&self, progress: &EvaluationProgress) {
        self.0.set_prefix(progress.stage);
        self.0.set_length(progress.total.max(1));
        self.0.set_position(progress.done);
    }

    /// Shows the state of a fit.
    pub(crate) fn show(&self, progress: &Progress) {
        self.0.set_prefix(format!("level {}/{}", progress.level + 1, progress.levels));
        self.0.set_length(progress.max_iter as u64);
        self.0.set_position(progress.iteration as u64);
        self.0.set_message(match progress.iteration {
            0 => "choosing the first codewords".to_owned(),
            _ => format!("squared error {:.6}, {} rows changed", progress.squared_error, progress.changed),
        });
    }
}

impl Bar {
    /// Shows the state of a training.
    pub(crate) fn epoch(&self, progress: &VaeProgress<'_>) {
        let VaeProgress { epoch, epochs, step, steps, loss, done, .. } = progress;
        self.0.set_prefix(format!("epoch {epoch}/{epochs}"));
        self.0.set_length(*steps as u64);
        self.0.set_position(*step as u64);
        self.0.set_message(match done.last() {
            None => format!("loss {loss:.5}"),
            Some(last) => {
                let used: Vec<String> = last.used.iter().map(usize::to_string).collect();
                let (held_out, collisions) = (last.held_out_loss, 100.0 * last.collision_rate);
                let used = used.join("/");
                format!("loss {loss:.5}, held out {held_out:.5}, {collisions:.1} % collisions, codes used {used}")
            }
        });
    }
}

impl Bar {
    /// Shows what is being done for a run of a sweep.
    pub(crate) fn sweep_stage(&self, run: &str, stage: SweepStage<'_>) {
        let (done, total, message) = match stage {
            SweepStage::Fit(fit) => {
                let Progress { level, levels, iteration, max_iter, .. } = fit;
                (*iteration, *max_iter, format!("level {}/{levels}", level + 1))
            }
            SweepStage::Train(VaeProgress { epoch, epochs, step, steps, .. }) => {
                (*step, *steps, format!("epoch {epoch}/{epochs}"))
            }
            SweepStage::Evaluation(of) => (of.done as usize, of.total as usize, of.stage.to_owned()),
            _ => (1, 1, "finished".to_owned()),
        };
        self.0.set_prefix(run.to_owned());
        self.0.set_length(total.max(1) as u64);
        self.0.set_position(done as u64);
        self.0.set_message(message);
    }
}

/// Rows that move a bar when they are read.
pub(crate) struct Shown<'a> {
    pub(crate) rows: &'a dyn Rows,
    pub(crate) bar: &'a Bar,
}

impl Rows for Shown<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(first, out)?;
        self.bar.done(first.saturating_add(out.len() / self.dim().max(1)));
        Ok(())
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
