//! Measures what a page about a model shows besides the model and its rows.

use semid::metrics::{Evaluation, weighted_errors};
use semid::report::ModelFindings;
use semid::{Codes, Device, Labels, Model, Result, Rows, Weights};

/// The model and its codes.
pub(crate) struct Found<'a> {
    pub(crate) model: &'a Model,
    pub(crate) rows: &'a dyn Rows,
    pub(crate) codes: &'a Codes,
    pub(crate) labels: Option<&'a Labels>,
    pub(crate) weights: Option<&'a Weights>,
    pub(crate) device: &'a Device,
}

impl Found<'_> {
    /// Measures errors by weight, and those of the nearest codewords where a beam gave the codes; `beam` is the one
    /// that was asked for.
    pub(crate) fn findings(&self, beam: Option<usize>) -> Result<ModelFindings> {
        let Self { model, rows, codes, labels, weights, device } = self;
        let mut findings = ModelFindings::default();
        findings.beam = beam;
        if !model.reconstructs() {
            return Ok(findings);
        }
        let own = model.config()?.get("beam").and_then(|width| width.as_u64()).unwrap_or(1);
        if beam.map_or(own, |width| width as u64) > 1 {
            let greedy = Evaluation::new().k(0).beam(1);
            let codes = greedy.encode_labelled(&***model, *labels, *rows, device)?;
            let measured = greedy.run_on_codes(&***model, *rows, &codes, device, |_| crate::interrupt::flow())?;
            findings.nearest = measured.errors;
        }
        let weighted = weights.map(|weights| weighted_errors(&***model, *rows, codes, weights, device));
        findings.weighted = weighted.transpose()?;
        Ok(findings)
    }
}
