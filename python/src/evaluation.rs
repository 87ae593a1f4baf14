//! Measures of models and codes.

use crate::codes::from_array;
use crate::devices::Place;
use crate::errors::OrRaise;
use crate::findings::{self, Interactions};
use crate::input::Input;
use crate::json::{from_json, to_json};
use crate::labels::{self, Columns};
use crate::model::{Model, fresh};
use crate::work::run;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use semid::mapping::{CoOccurrence, WeightedCollisions, weighted_collisions};
use semid::metrics::{
    Drift, DriftCrossing, DriftLimits, ErrorMetrics, Evaluation, Quality, drift_labelled, weighted_errors,
};
use semid::{Rows, Weights};
use serde::Serialize;

/// Measures of a model, and what weights of the rows and items that are used together add to them.
#[derive(Serialize)]
struct Measured {
    #[serde(flatten)]
    quality: Quality,
    #[serde(skip_serializing_if = "Option::is_none")]
    weighted: Option<ErrorMetrics>,
    #[serde(flatten)]
    collisions: Option<WeightedCollisions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    co_occurrence: Option<CoOccurrence>,
}

/// Measures a model on rows, by codes that are given or its own; settings and result are JSON.
#[pyfunction]
#[pyo3(signature = (model, rows, settings, place, *, codes=None, progress=None, labels=None, weights=None,
    interactions=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn evaluate(
    py: Python<'_>,
    model: &Model,
    rows: &Bound<'_, PyAny>,
    settings: &str,
    place: Place,
    codes: Option<PyReadonlyArray2<'_, u32>>,
    progress: Option<&Bound<'_, PyAny>>,
    labels: Option<Columns>,
    weights: Option<PyReadonlyArray1<'_, u64>>,
    interactions: Option<Interactions>,
) -> PyResult<String> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let weights = weights.map(|weights| weights.as_array().to_vec());
    let rows = input.rows_for(py, &model.0)?;
    let given = codes.map(|codes| from_array(py, &codes)).transpose()?;
    run(py, usize::MAX, progress, |watch| {
        let evaluation: Evaluation = from_json("settings", settings)?;
        let weights = weights.map(Weights::new).transpose()?;
        let rows = watch.rows(&*rows);
        evaluation.check(rows.len())?;
        let mut evaluator = evaluation.on(&rows);
        if let Some(weights) = &weights {
            evaluator = evaluator.weights(weights)?;
        }
        let codes = match given {
            Some(codes) => codes,
            None => {
                let labels = labels::labels(labels)?;
                evaluation.encode_labelled(&*model.0, labels.as_ref(), &rows, &device)?
            }
        };
        let quality = fresh(evaluator.run(&*model.0, &codes, &device, |step: &_| watch.evaluated(step)))?;
        let collisions = weights.as_ref().map(|weights| weighted_collisions(&codes, weights)).transpose()?;
        let weights = weights.filter(|_| model.0.reconstructs());
        let weighted = weights.map(|weights| weighted_errors(&*model.0, &rows, &codes, &weights, &device));
        let seed = evaluation.get_seed();
        let together = interactions.map(|pairs| findings::co_occurrence(pairs, &codes, &model.0, seed));
        let (weighted, co_occurrence) = (weighted.transpose()?, together.transpose()?);
        to_json(&Measured { quality, weighted, collisions, co_occurrence })
    })
}

/// A crossed limit, with its words.
#[derive(Serialize)]
struct Crossing {
    #[serde(flatten)]
    crossing: DriftCrossing,
    words: String,
}

/// How new rows have drifted from older ones, and which limits that crosses.
#[derive(Serialize)]
struct Judged {
    stable: bool,
    #[serde(flatten)]
    drift: Drift,
    crossings: Vec<Crossing>,
}

/// Measures how far new rows have drifted from older ones; the limits are in the order of their fields, and the result
/// is JSON, and the labels those of both sides.
#[pyfunction]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn drift(
    py: Python<'_>,
    model: &Model,
    new: &Bound<'_, PyAny>,
    baseline: &Bound<'_, PyAny>,
    place: Place,
    sampled: (usize, u64),
    limits: [f64; 4],
    labels: (Option<Columns>, Option<Columns>),
) -> PyResult<String> {
    let device = place.open(py)?;
    let (new, baseline) = (Input::new(new)?, Input::new(baseline)?);
    let (new, baseline) = (new.rows_for(py, &model.0)?, baseline.rows_for(py, &model.0)?);
    run(py, usize::MAX, None, |watch| {
        let mut most = DriftLimits::default();
        [most.psi, most.error_rise, most.margin_loss, most.saturated] = limits;
        let (sample, seed) = sampled;
        let (new, baseline) = (watch.rows(&*new), watch.rows(&*baseline));
        let (of_new, of_baseline) = (labels::labels(labels.0)?, labels::labels(labels.1)?);
        let sides = ((&new as &dyn Rows, of_new.as_ref()), (&baseline as &dyn Rows, of_baseline.as_ref()));
        let drift = fresh(drift_labelled(&*model.0, sides.0, sides.1, sample, seed, &device))?;
        let crossing = |crossing: DriftCrossing| Crossing { words: crossing.to_string(), crossing };
        let crossings: Vec<Crossing> = drift.crossings(&most)?.into_iter().map(crossing).collect();
        to_json(&Judged { stable: crossings.is_empty(), drift, crossings })
    })
}

/// Measures codes alone; `clusters` has the clusters of every level, and the result is JSON.
#[pyfunction]
pub(crate) fn code_metrics(py: Python<'_>, codes: PyReadonlyArray2<'_, u32>, clusters: Vec<usize>) -> PyResult<String> {
    let codes = from_array(py, &codes)?;
    py.detach(|| to_json(&semid::metrics::code_metrics(&codes, &clusters)?)).or_raise(py)
}
