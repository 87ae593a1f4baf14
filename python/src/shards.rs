//! Fits over workers in other processes: the workers, and a fit on an engine of Python that calls them.

use crate::devices::Place;
use crate::errors::{OrRaise, parameter};
use crate::fit::of_fit;
use crate::json::from_json;
use crate::model::{Model, fresh};
use crate::source::Source;
use crate::work::run;
use numpy::PyReadonlyArray1;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};
use semid::rq::Progress;
use semid::shards::{self, Answered, Call, Reply, Workers};
use semid::{Error, Quantizer, Result, Rows, RqKMeans, Weights};
use std::ops::{ControlFlow, Range};
use std::sync::{Arc, Mutex, PoisonError};

/// Holds the rows of one shard and answers requests about them.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct Worker {
    worker: Mutex<shards::Worker<'static>>,
    #[pyo3(get)]
    rows: u64,
    #[pyo3(get)]
    dim: usize,
}

#[pymethods]
impl Worker {
    /// Takes all rows of a source, or those of a span. The first one has the number `first`; without it, rows are
    /// numbered as in the source. Every row counts as often as its weight says: weights are those of the rows taken, or
    /// those of the source for a span without `first`.
    #[new]
    #[pyo3(signature = (rows, place, first=None, span=None, weights=None))]
    fn new(
        py: Python<'_>,
        rows: &Bound<'_, Source>,
        place: Place,
        first: Option<u64>,
        span: Option<(usize, usize)>,
        weights: Option<PyReadonlyArray1<'_, u64>>,
    ) -> PyResult<Self> {
        let (device, rows) = (place.open(py)?, rows.get().rows());
        if let Some((start, end)) = span.filter(|(start, end)| start > end || *end > rows.len()) {
            let expected = format!("must be within the {} rows of the source", rows.len());
            return Err(parameter("span", format!("{start}..{end}"), expected)).or_raise(py);
        }
        let worker = match (first, span) {
            (first, None) => shards::Worker::new(rows, first.unwrap_or(0), &device),
            (None, Some((start, end))) => shards::Worker::part(rows, start..end, &device),
            (Some(first), Some((start, end))) => shards::Worker::new(Part { rows, span: start..end }, first, &device),
        };
        let worker = match weights {
            Some(weights) => Weights::new(weights.as_array().to_vec()).and_then(|weights| worker.weighted(&weights)),
            None => Ok(worker),
        };
        let worker = worker.or_raise(py)?;
        Ok(Self { rows: worker.rows(), dim: worker.dim(), worker: Mutex::new(worker) })
    }

    /// The bytes of the reply to a request.
    fn answer<'py>(&self, py: Python<'py>, request: &[u8]) -> PyResult<Bound<'py, PyBytes>> {
        let answer = || self.worker.lock().unwrap_or_else(PoisonError::into_inner).answer(request);
        let reply = py.detach(answer).or_raise(py)?;
        Ok(PyBytes::new(py, &reply))
    }
}

/// Some neighbouring rows of others.
struct Part<R> {
    rows: R,
    span: Range<usize>,
}

impl<R: Rows> Rows for Part<R> {
    fn len(&self) -> usize {
        self.span.len()
    }

    semid::forward_rows!(rows, except len);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(self.span.start + first, out)
    }
}

/// Merges replies to one request, in any order.
#[pyfunction]
pub(crate) fn merge_replies<'py>(py: Python<'py>, replies: Vec<Vec<u8>>) -> PyResult<Bound<'py, PyBytes>> {
    let merged = py.detach(|| {
        let mut replies = replies.iter().map(|reply| Reply::from_bytes(reply));
        let mut all = replies.next().unwrap_or_else(|| Err(parameter("replies", 0, "must be at least 1")))?;
        replies.try_for_each(|reply| all.merge(&reply?))?;
        Ok(all.to_bytes())
    });
    Ok(PyBytes::new(py, &merged.or_raise(py)?))
}

/// Fits residual k-means on an engine with the methods `shards()`, `dim()` and `call(calls)`; returns the model and a
/// report as JSON.
#[pyfunction]
#[pyo3(signature = (params, engine, place, *, progress=None))]
pub(crate) fn fit_on_workers(
    py: Python<'_>,
    params: &str,
    engine: &Bound<'_, PyAny>,
    place: Place,
    progress: Option<&Bound<'_, PyAny>>,
) -> PyResult<(Model, String)> {
    let params: RqKMeans = from_json("parameters", params).or_raise(py)?;
    let device = place.open(py)?;
    let raised = Arc::new(Mutex::new(None));
    let engine = Engine {
        shards: engine.call_method0("shards")?.extract()?,
        dim: engine.call_method0("dim")?.extract()?,
        engine: engine.clone().unbind(),
        raised: raised.clone(),
    };
    let fitted = run(py, usize::MAX, progress, |watch| {
        fresh(params.fit_on_workers(engine, &device, |progress| match watch.check() {
            Ok(()) => watch.tell(|| step(progress)),
            Err(_) => ControlFlow::Break(()),
        }))
    });
    // What the engine raised says more than the error of the fit.
    if let Some(error) = raised.lock().unwrap_or_else(PoisonError::into_inner).take() {
        return Err(error);
    }
    let (model, report) = fitted?;
    let model: Arc<dyn Quantizer> = Arc::new(model);
    Ok((Model(model.into()), of_fit(&report).to_string()))
}

fn step(progress: &Progress) -> crate::work::Step {
    let Progress { level, levels, iteration, max_iter, .. } = progress;
    let (done, most) = (*iteration as u64, *max_iter as u64);
    ("level".to_owned(), level + 1, *levels, "iteration".to_owned(), done, most, progress.to_string())
}

/// An engine of Python.
struct Engine {
    engine: Py<PyAny>,
    shards: Vec<u64>,
    dim: usize,
    raised: Arc<Mutex<Option<PyErr>>>,
}

impl Engine {
    fn answers(&self, py: Python<'_>, calls: &[Call]) -> PyResult<Vec<Answered>> {
        let list = PyList::empty(py);
        let mut last: Option<(&Arc<[u8]>, Bound<'_, PyBytes>)> = None;
        for call in calls {
            // Calls with the same request share one object, which an engine sends to every machine once.
            let request = match last.take().filter(|(bytes, _)| Arc::ptr_eq(bytes, call.request())) {
                Some((_, request)) => request,
                None => PyBytes::new(py, call.request()),
            };
            list.append((call.shard(), &request, call.merges()))?;
            last = Some((call.request(), request));
        }
        let answers = self.engine.bind(py).call_method1("call", (list,))?;
        let answer = |answer: PyResult<Bound<'_, PyAny>>| {
            let (calls, reply) = answer?.extract::<(Vec<usize>, Vec<u8>)>()?;
            Ok(Answered { calls, reply })
        };
        answers.try_iter()?.map(answer).collect()
    }
}

impl Workers for Engine {
    fn shards(&self) -> Vec<u64> {
        self.shards.clone()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn call(&mut self, calls: &[Call]) -> Result<Vec<Answered>> {
        Python::attach(|py| self.answers(py, calls)).map_err(|error| {
            let text = error.to_string();
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Error::source_of_rows(text)
        })
    }
}
