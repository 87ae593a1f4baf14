//! Measures what a page about a model shows besides the model and its rows.

use semid::metrics::Evaluation;
use semid::report::ModelFindings;
use semid::{Device, Labels, Model, Result, Rows};

/// Measures the errors of the nearest codewords where a beam gave the codes; `beam` is the one that was asked for.
pub(crate) fn findings(
    model: &Model,
    (rows, labels): (&dyn Rows, Option<&Labels>),
    beam: Option<usize>,
    device: &Device,
) -> Result<ModelFindings> {
    let mut findings = ModelFindings::default();
    findings.beam = beam;
    if !model.reconstructs() {
        return Ok(findings);
    }
    let own = model.config()?.get("beam").and_then(|width| width.as_u64()).unwrap_or(1);
    if beam.map_or(own, |width| width as u64) > 1 {
        let greedy = Evaluation::new().k(0).beam(1);
        let codes = greedy.encode_labelled(&**model, labels, rows, device)?;
        let measured = greedy.run_on_codes(&**model, rows, &codes, device, |_| crate::interrupt::flow())?;
        findings.nearest = measured.errors;
    }
    Ok(findings)
}
