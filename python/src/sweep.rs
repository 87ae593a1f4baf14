//! Sweeps over sizes and kinds.

use crate::devices::Place;
use crate::embeddings::Given;
use crate::errors::OrRaise;
use crate::input::Input;
use crate::json::{from_json, to_json};
use crate::labels::{self, Columns};
use crate::model::{Model, fresh};
use crate::work::run;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use semid::Weights;
use semid::sweep::{SweepMetric, SweepRecord};
use std::path::{Path, PathBuf};

/// Fits and measures the runs of a grid that the file does not have yet; returns all runs as JSON.
#[pyfunction]
#[pyo3(signature = (grid, rows, path, place, *, models=None, progress=None, warm_start=None, weights=None,
    labels=None, unknown="nearest", column_weight=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn sweep(
    py: Python<'_>,
    grid: &str,
    rows: &Bound<'_, PyAny>,
    path: PathBuf,
    place: Place,
    models: Option<PathBuf>,
    progress: Option<&Bound<'_, PyAny>>,
    warm_start: Option<Bound<'_, Model>>,
    weights: Option<PyReadonlyArray1<'_, u64>>,
    labels: Option<Columns>,
    unknown: &str,
    column_weight: Option<Vec<f64>>,
) -> PyResult<String> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let warm_start = warm_start.as_ref().map(|model| model.get().0.clone());
    let given = Given::new(py, &input, warm_start.as_ref())?;
    let weights: Option<Vec<u64>> = weights.map(|weights| weights.as_array().iter().copied().collect());
    let reading = input.reading().cloned();
    run(py, usize::MAX, progress, |watch| {
        let sweep: semid::Sweep = from_json("settings", grid)?;
        let weights = weights.map(Weights::new).transpose()?;
        let scaled = given.scaled(watch, column_weight.as_deref(), weights.as_ref())?;
        let sweep = sweep
            .models(models.as_deref().map(Path::new))
            .labels(labels::labels(labels)?, labels::unknown(unknown)?)
            .weights(weights)
            .warm_start(warm_start.clone())
            .blocks(scaled.blocks().cloned())
            .columns_of(reading);
        to_json(&fresh(sweep.run_with(scaled.rows(), &device, &path, |step| watch.swept(step)))?)
    })
}

/// The places of runs, given as JSON, by a metric: the best first.
#[pyfunction]
pub(crate) fn rank(py: Python<'_>, runs: &str, metric: &str) -> PyResult<Vec<usize>> {
    let ranked = || {
        let (runs, metric): (Vec<SweepRecord>, _) = (from_json("settings", runs)?, SweepMetric::named(metric)?);
        let place = |ranked: &SweepRecord| runs.iter().position(|run| std::ptr::eq(run, ranked));
        Ok(metric.rank(&runs).into_iter().filter_map(place).collect())
    };
    ranked().or_raise(py)
}
