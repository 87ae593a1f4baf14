//! Reports as web pages and figures.

use crate::codes::from_array;
use crate::devices::Place;
use crate::evaluation::settings_of;
use crate::input::Input;
use crate::model::{Model, codes_of, fresh};
use crate::work::run;
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use semid::sweep::{SweepMetric, SweepRecord};
use semid::{Report, Weights};

/// What a report shows beside measures.
#[derive(FromPyObject)]
pub(crate) struct Settings {
    #[pyo3(item)]
    title: String,
    #[pyo3(item)]
    names: Option<Vec<String>>,
    #[pyo3(item)]
    labels: Option<Vec<String>>,
    /// How often each item counts.
    #[pyo3(item)]
    weights: Option<Vec<u64>>,
    /// Runs of a sweep, as JSON.
    #[pyo3(item)]
    sweep: Option<String>,
    #[pyo3(item)]
    rank_by: String,
    #[pyo3(item)]
    details: Vec<(String, String)>,
    #[pyo3(item)]
    k: Option<usize>,
    #[pyo3(item)]
    sample: Option<usize>,
    #[pyo3(item)]
    seed: u64,
}

impl Settings {
    fn report(self) -> semid::Result<Report> {
        let mut report = Report::new().title(self.title).seed(self.seed).rank_by(SweepMetric::named(&self.rank_by)?);
        if let Some(names) = self.names {
            report = report.names(names);
        }
        if let Some(labels) = self.labels {
            report = report.labels(labels);
        }
        if let Some(weights) = self.weights {
            report = report.weights(Weights::new(weights)?);
        }
        if let Some(runs) = self.sweep {
            let runs: Vec<SweepRecord> = settings_of(&runs)?;
            report = report.sweep(runs);
        }
        if let Some(k) = self.k {
            report = report.k(k);
        }
        if let Some(sample) = self.sample {
            report = report.sample(sample);
        }
        Ok(self.details.into_iter().fold(report, |report, (name, value)| report.detail(name, value)))
    }
}

/// A figure: its name, its title and the SVG file.
type Figure = (String, String, String);

/// Draws a report; returns the page and its figures.
#[pyfunction]
#[pyo3(signature = (model, rows, settings, place, *, codes=None, progress=None))]
pub(crate) fn report(
    py: Python<'_>,
    model: &Model,
    rows: &Bound<'_, PyAny>,
    settings: Settings,
    place: Place,
    codes: Option<PyReadonlyArray2<'_, u32>>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<Figure>)> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let rows = input.rows_for(py, &model.0)?;
    let given = codes.map(|codes| from_array(py, &codes)).transpose()?;
    run(py, usize::MAX, progress, |watch| {
        let report = settings.report()?;
        let rows = watch.rows(&*rows);
        let codes = codes_of(&model.0, given, &rows, &device)?;
        let tell = |step: &_| watch.evaluated(step);
        let page = fresh(report.run_on_codes(&*model.0, &rows, &codes, &device, tell))?;
        let figures =
            page.figures().iter().map(|figure| (figure.name.clone(), figure.title.clone(), figure.svg.clone()));
        Ok((page.html().to_owned(), figures.collect()))
    })
}
