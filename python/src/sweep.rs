//! Sweeps over sizes and kinds.

use crate::devices::Place;
use crate::errors::OrRaise;
use crate::evaluation::{settings_of, to_json};
use crate::input::Input;
use crate::model::fresh;
use crate::work::run;
use pyo3::prelude::*;
use semid::sweep::{SweepMetric, SweepRecord};
use std::path::{Path, PathBuf};

/// Fits and measures the runs of a grid that the file does not have yet; returns all runs as JSON.
#[pyfunction]
#[pyo3(signature = (grid, rows, path, place, *, models=None, progress=None))]
pub(crate) fn sweep(
    py: Python<'_>,
    grid: &str,
    rows: &Bound<'_, PyAny>,
    path: PathBuf,
    place: Place,
    models: Option<PathBuf>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<String> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let rows = input.rows(py)?;
    run(py, usize::MAX, progress, |watch| {
        let sweep: semid::Sweep = settings_of(grid)?;
        let sweep = sweep.models(models.as_deref().map(Path::new));
        let rows = watch.rows(&*rows);
        to_json(&fresh(sweep.run_with(&rows, &device, &path, |step| watch.swept(step)))?)
    })
}

/// The places of runs, given as JSON, by a metric: the best first.
#[pyfunction]
pub(crate) fn rank(py: Python<'_>, runs: &str, metric: &str) -> PyResult<Vec<usize>> {
    let ranked = || {
        let (runs, metric): (Vec<SweepRecord>, _) = (settings_of(runs)?, SweepMetric::named(metric)?);
        let place = |ranked: &SweepRecord| runs.iter().position(|run| std::ptr::eq(run, ranked));
        Ok(metric.rank(&runs).into_iter().filter_map(place).collect())
    };
    ranked().or_raise(py)
}
