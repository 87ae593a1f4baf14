//! Draws the report on the best run of a sweep.

use super::SweepProgress;
use crate::args::SweepArgs;
use crate::interrupt;
use crate::output::Failure;
use crate::report::{Page, findings};
use semid::sweep::{SweepMetric, SweepRecord};
use semid::{Device, Labels, Rows, Sweep, Weights};

/// Everything that the report needs.
pub(super) struct Best<'a> {
    pub(super) page: Page<'a>,
    pub(super) args: &'a SweepArgs,
    pub(super) sweep: &'a Sweep,
    pub(super) labels: Option<&'a Labels>,
    pub(super) weights: Option<&'a Weights>,
    pub(super) imputed: Vec<u64>,
    pub(super) metric: SweepMetric,
    pub(super) records: &'a [SweepRecord],
    pub(super) rows: &'a dyn Rows,
    pub(super) device: &'a Device,
}

impl Best<'_> {
    /// Draws the model of the best run; returns the name of the run.
    pub(super) fn draw(&self, state: &mut SweepProgress) -> Result<String, Failure> {
        let Self { page, args, labels, weights, metric, records, rows, device, .. } = self;
        let Some(best) = metric.rank(records).first().copied() else {
            return Err(Failure::Error("there is no run to report on".to_owned()));
        };
        let model = self.sweep.model_with(best, *rows, device, |progress| {
            state.show(progress.run, progress.runs, progress.parameters, progress.stage);
            interrupt::flow()
        });
        let model = model.map_err(|error| state.failure(error, args))?;
        state.bar.name("report");
        let name = best.parameters.name();
        let source = match records.len() {
            1 => name.clone(),
            runs => format!("{name}, the best of {runs} by {}", metric.name()),
        };
        let mut report = page.report(&model, &source, rows.len()).sweep(*records).rank_by(*metric);
        let evaluation = self.sweep.get_evaluation();
        report = report.k(evaluation.get_k()).seed(evaluation.get_seed()).pairs(evaluation.get_pairs());
        // The page takes the sweep's number of neighbours; otherwise it would show two recalls of one model.
        if let Some(neighbors) = &best.metrics.neighbors {
            report = report.sample(neighbors.queries);
        }
        let codes = evaluation.encode_labelled(&*model, *labels, *rows, device);
        let codes = codes.map_err(|error| state.failure(error, args))?;
        let findings = findings(&model, (*rows, *labels), evaluation.get_beam(), device);
        let mut findings = findings.map_err(|error| state.failure(error, args))?;
        findings.imputed.clone_from(&self.imputed);
        report = report.findings(findings);
        if let Some(weights) = weights {
            report = report.weights((*weights).clone());
        }
        let drawn = report.run_on_codes(&*model, *rows, &codes, device, |progress| {
            state.bar.compared(progress);
            interrupt::flow()
        });
        let drawn = drawn.and_then(|drawn| interrupt::check().map(|()| drawn));
        page.save(&drawn.map_err(|error| state.failure(error, args))?)?;
        Ok(name)
    }
}
