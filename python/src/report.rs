//! Reports as web pages and figures.

use crate::codes::from_array;
use crate::devices::Place;
use crate::embeddings::Given;
use crate::errors::OrRaise;
use crate::findings::{self, Interactions};
use crate::input::Input;
use crate::json::from_json;
use crate::labels::{self, Columns};
use crate::model::{Model, fresh};
use crate::work::run;
use numpy::PyReadonlyArray2;
use pyo3::prelude::*;
use semid::io::AtomicFile;
use semid::metrics::Evaluation;
use semid::report::ModelFindings;
use semid::sweep::{SweepMetric, SweepRecord};
use semid::{Report, Weights};
use std::path::PathBuf;

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
    /// The width of the beam that encodes the rows.
    #[pyo3(item)]
    beam: Option<usize>,
    #[pyo3(item)]
    interactions: Option<Interactions>,
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
            let runs: Vec<SweepRecord> = from_json("settings", &runs)?;
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
#[pyo3(signature = (model, rows, settings, place, *, codes=None, labels=None, progress=None))]
#[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
pub(crate) fn report(
    py: Python<'_>,
    model: &Model,
    rows: &Bound<'_, PyAny>,
    mut settings: Settings,
    place: Place,
    codes: Option<PyReadonlyArray2<'_, u32>>,
    labels: Option<Columns>,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(String, Vec<Figure>)> {
    let device = place.open(py)?;
    let input = Input::new(rows)?;
    let model = &model.0;
    let rows = Given::new(py, &input, Some(model))?;
    let given = codes.map(|codes| from_array(py, &codes)).transpose()?;
    run(py, usize::MAX, progress, |watch| {
        let (beam, seed, labels) = (settings.beam, settings.seed, labels::labels(labels)?);
        let (interactions, report) = (settings.interactions.take(), settings.report()?);
        let scaled = rows.scaled(watch, None, None)?;
        let (rows, labels) = (scaled.rows(), labels.as_ref());
        let mut found = ModelFindings::default();
        let codes = match given {
            Some(codes) => {
                found.imputed = scaled.imputed_of_all()?;
                codes
            }
            None => {
                let evaluation = Evaluation::new().beam(beam);
                let codes = fresh(evaluation.encode_labelled(&**model, labels, rows, &device))?;
                found.beam = beam;
                found.nearest = fresh(findings::nearest(model, (rows, labels), beam, &device, watch))?;
                // The encode has read all rows.
                found.imputed = scaled.imputed();
                codes
            }
        };
        let together = interactions.map(|pairs| findings::co_occurrence(pairs, &codes, model, seed));
        found.co_occurrence = together.transpose()?;
        let report = report.findings(found);
        let page = fresh(report.run_on_codes(&**model, rows, &codes, &device, |step| watch.evaluated(step)))?;
        let figures =
            page.figures().iter().map(|figure| (figure.name.clone(), figure.title.clone(), figure.svg.clone()));
        Ok((page.html().to_owned(), figures.collect()))
    })
}

/// Writes a text to a file, which appears complete or not at all.
#[pyfunction]
pub(crate) fn write_text(py: Python<'_>, path: PathBuf, text: &str) -> PyResult<()> {
    let write = || {
        let mut file = AtomicFile::create(&path)?;
        file.put(text.as_bytes())?;
        file.commit()
    };
    py.detach(write).or_raise(py)
}
