//! Fits of any kind, with parameters as JSON.

use crate::devices::Place;
use crate::embeddings::Given;
use crate::input::Input;
use crate::json::from_json;
use crate::labels::{self, Columns};
use crate::model::{Model, fresh};
use crate::work::run;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use semid::blocks::Block;
use semid::quantizer::{Parameters, TrainOptions, TrainingReport};
use semid::rq::FitReport;
use semid::vae::RqVaeReport;
use semid::{LabelledFit, Weights};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Fits a model; returns it with a report as JSON.
#[pyfunction]
#[pyo3(signature = (params, rows, place, *, progress=None, checkpoint=None, warm_start=None,
    freeze_levels=0, weights=None, labels=None, unknown="nearest", column_weight=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn fit(
    py: Python<'_>,
    params: &str,
    rows: &Bound<'_, PyAny>,
    place: Place,
    progress: Option<&Bound<'_, PyAny>>,
    checkpoint: Option<PathBuf>,
    warm_start: Option<Bound<'_, Model>>,
    freeze_levels: usize,
    weights: Option<PyReadonlyArray1<'_, u64>>,
    labels: Option<Columns>,
    unknown: &str,
    column_weight: Option<Vec<f64>>,
) -> PyResult<(Model, String)> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let warm_start = warm_start.as_ref().map(|model| &model.get().0);
    // A fit that starts from a model keeps the scales of that model's embeddings.
    let given = Given::new(py, &input, warm_start)?;
    let weights: Option<Vec<u64>> = weights.map(|weights| weights.as_array().iter().copied().collect());
    let reading = input.reading().cloned();
    // A fit of few rows may take long too, so it always hears of Ctrl-C.
    let (model, report) = run(py, usize::MAX, progress, |watch| {
        let params: Parameters = from_json("parameters", params)?;
        let mut options = TrainOptions::default();
        options.checkpoint = checkpoint.as_deref();
        options.warm_start = warm_start.map(|model| &**model);
        let weights = weights.map(Weights::new).transpose()?;
        options.weights = weights.as_ref();
        options.freeze_levels = freeze_levels;
        let labels = labels::labels(labels)?;
        let unknown = labels::unknown(unknown)?;
        options.labels = labels.as_ref().map(|labels| LabelledFit::new(labels).unknown(unknown));
        let scaled = given.scaled(watch, column_weight.as_deref(), options.weights)?;
        let fitted = params.fit_with(scaled.rows(), &device, &options, |step| watch.trained(step));
        let (model, report) = fresh(fitted)?;
        watch.check()?;
        let mut described = describe(&report);
        let model = match scaled.blocks() {
            None => model,
            Some(blocks) => {
                described["imputed"] = blocks.iter().map(Block::name).zip(scaled.imputed()).collect();
                model.with_blocks(blocks.clone())?
            }
        };
        match &reading {
            None => Ok((model, described)),
            Some(options) => Ok((model.with_columns_of(options)?, described)),
        }
    })?;
    Ok((Model(model), report.to_string()))
}

/// Checks parameters, and returns all of them with their defaults, as JSON.
#[pyfunction]
pub(crate) fn parameters(py: Python<'_>, params: &str) -> PyResult<String> {
    let fields = from_json("parameters", params).and_then(|params: Parameters| params.parameters());
    let fields = fields.map_err(|error| crate::errors::to_python(py, &error))?;
    Ok(Value::from_iter(fields).to_string())
}

/// The kinds of models that can be fitted.
#[pyfunction]
pub(crate) fn kinds() -> Vec<(&'static str, &'static str)> {
    Parameters::kinds().collect()
}

fn describe(report: &TrainingReport) -> Value {
    if let Some(fit) = report.details.downcast_ref::<FitReport>() {
        return of_fit(fit);
    }
    let mut described = json!({ "rows": report.rows, "dim": report.dim });
    if let Some(vae) = report.details.downcast_ref::<RqVaeReport>() {
        described["best_epoch"] = json!(vae.best_epoch);
        described["epochs"] = serde_json::to_value(&vae.epochs).unwrap_or_default();
    }
    described
}

/// The report of a fit of residual k-means.
pub(crate) fn of_fit(fit: &FitReport) -> Value {
    json!({
        "rows": fit.rows,
        "dim": fit.dim,
        "levels": fit.levels.iter().map(|level| json!({
            "clusters": level.clusters,
            "iterations": level.iterations,
            "squared_error": level.squared_error,
            "empty_reseeded": level.empty_reseeded,
        })).collect::<Vec<_>>(),
        "saturated_values": fit.saturated_values,
        "refinement": fit.refinement.as_ref().map(|refinement| json!({
            "beam": refinement.beam,
            "rounds": refinement.rounds,
            "squared_error_before": refinement.before,
            "squared_error": refinement.squared_error,
        })),
    })
}
