//! Measures what a page about a model shows besides the model and its rows.

use crate::work::Watch;
use semid::mapping::{CoOccurrence, Mapping};
use semid::metrics::{ErrorMetrics, Evaluation};
use semid::{Codes, Device, Labels, Model, Result, Rows};

/// The keys of items by row, and pairs of items that are used together.
pub(crate) type Interactions = (Vec<String>, Vec<(String, String)>);

/// Measures whether items that are used together share prefixes of these codes of a model.
pub(crate) fn co_occurrence(
    (keys, pairs): Interactions,
    codes: &Codes,
    model: &Model,
    seed: u64,
) -> Result<CoOccurrence> {
    Mapping::new(keys, codes.clone())?.with_clusters(&model.clusters())?.co_occurrence(&pairs, seed)
}

/// Measures the errors of the nearest codewords of every level, where a beam gave the codes; `beam` is the one that was
/// asked for.
pub(crate) fn nearest(
    model: &Model,
    (rows, labels): (&dyn Rows, Option<&Labels>),
    beam: Option<usize>,
    device: &Device,
    watch: &Watch<'_>,
) -> Result<Option<ErrorMetrics>> {
    let own = model.config()?.get("beam").and_then(|width| width.as_u64()).unwrap_or(1);
    if !model.reconstructs() || beam.map_or(own, |width| width as u64) <= 1 {
        return Ok(None);
    }
    let greedy = Evaluation::new().k(0).beam(1);
    let codes = greedy.encode_labelled(&**model, labels, rows, device)?;
    let measured = greedy.run_on_codes(&**model, rows, &codes, device, |step| watch.evaluated(step))?;
    Ok(measured.errors)
}
