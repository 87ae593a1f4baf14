//! Models of any kind.

use crate::codes::{from_array, matrix, to_array};
use crate::devices::{Place, forget, values_on};
use crate::errors::{OrRaise, parameter};
use crate::input::Input;
use crate::labels::{self, Columns};
use crate::work::run;
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use semid::blocks::Block;
use semid::{ErrorKind, LabelTable, Result, RqKMeansModel, RqVaeModel, Weights};
use std::path::PathBuf;

/// A matrix of NumPy.
type Matrix<'py, T> = Bound<'py, PyArray2<T>>;

/// A fitted model, which never changes.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct Model(pub(crate) semid::Model);

#[pymethods]
impl Model {
    #[staticmethod]
    fn from_bytes(py: Python<'_>, bytes: &[u8]) -> PyResult<Self> {
        py.detach(|| semid::Model::from_bytes(bytes)).or_raise(py).map(Self)
    }

    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        py.detach(|| semid::Model::load(path)).or_raise(py).map(Self)
    }

    /// A model of codewords (K, D) of every level, which another tool fitted.
    #[staticmethod]
    fn from_codewords(py: Python<'_>, levels: Vec<PyReadonlyArray2<'_, f32>>) -> PyResult<Self> {
        let dim = levels.first().map_or(0, |level| level.as_array().ncols());
        let values: Vec<Vec<f32>> = levels.iter().map(|level| level.as_array().iter().copied().collect()).collect();
        let slices: Vec<&[f32]> = values.iter().map(Vec::as_slice).collect();
        RqKMeansModel::from_codewords(&slices, dim).or_raise(py).map(|model| Self(model.into()))
    }

    fn to_bytes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| self.0.to_bytes()).or_raise(py)?;
        Ok(PyBytes::new(py, &bytes))
    }

    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.0.save(path)).or_raise(py)
    }

    #[getter]
    fn kind(&self) -> &'static str {
        self.0.kind()
    }

    #[getter]
    fn fingerprint(&self) -> String {
        self.0.fingerprint()
    }

    #[getter]
    fn dim(&self) -> usize {
        self.0.dim()
    }

    #[getter]
    fn clusters(&self) -> Vec<usize> {
        self.0.clusters()
    }

    #[getter]
    fn has_prices(&self) -> bool {
        self.0.has_prices()
    }

    /// The labels of the levels whose codes they give: the name of the column, and the label of every code.
    #[getter]
    fn labels(&self) -> Columns {
        let column = |table: &LabelTable| {
            (table.column().to_owned(), table.labels().map(|label| label.map(str::to_owned)).collect())
        };
        self.0.label_tables().iter().map(column).collect()
    }

    /// Returns all that the model file says about the model, as JSON.
    fn config(&self, py: Python<'_>) -> PyResult<String> {
        let config = self.0.config().or_raise(py)?;
        Ok(serde_json::Value::from_iter(config).to_string())
    }

    /// The embeddings that every row consists of, where there are several: name, width, weight and scale.
    fn blocks(&self) -> Vec<(String, usize, f64, f64)> {
        let of = |block: &Block| (block.name().to_owned(), block.width(), block.weight(), block.scale());
        self.0.blocks().map(|blocks| blocks.iter().map(of).collect()).unwrap_or_default()
    }

    /// The parameters of the fit as JSON, where they were recorded.
    fn parameters(&self) -> Option<String> {
        self.0.parameters().map(|fields| serde_json::Value::from_iter(fields.clone()).to_string())
    }

    /// The codewords of a level (K, D).
    fn codebook<'py>(&self, py: Python<'py>, level: usize) -> PyResult<Option<Bound<'py, PyArray2<f32>>>> {
        let step = self.0.step();
        let Some(codebook) = self.0.codebook(level) else { return Ok(None) };
        // Codewords are multiples of the step, which is a power of two, and exact as f32.
        let values = codebook.values().iter().map(|value| (f64::from(*value) * step) as f32).collect();
        matrix(py, values, codebook.dim()).map(Some)
    }

    /// Returns the offset (D) that decoding adds to the sum of a row's codewords, for models that decode in that way.
    fn offset(&self) -> Option<Vec<f32>> {
        self.0.grid().map(|grid| grid.offset().to_vec())
    }

    /// The codes of rows (N, L).
    #[pyo3(signature = (rows, place, *, priced=false, capacity=None, beam=None, labels=None))]
    #[expect(clippy::too_many_arguments, reason = "each is an argument in Python")]
    fn encode<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        place: Place,
        priced: bool,
        capacity: Option<usize>,
        beam: Option<usize>,
        labels: Option<Columns>,
    ) -> PyResult<Bound<'py, PyArray2<u32>>> {
        let device = place.open(py)?;
        let input = Input::new(rows)?;
        let rows = input.rows_for(py, &self.0)?;
        let codes = run(py, values_on(&device, &*rows), None, |watch| {
            let rows = watch.rows(&*rows);
            if !priced && capacity.is_none() && beam.is_none() && labels.is_none() {
                return fresh(self.0.encode(&rows, &device));
            }
            let mut encoder = self.0.encoder();
            if priced {
                encoder = encoder.priced()?;
            }
            if let Some(capacity) = capacity {
                encoder = encoder.capacity(capacity);
            }
            if let Some(beam) = beam {
                encoder = encoder.beam(beam);
            }
            if let Some(labels) = labels::labels(labels)? {
                encoder = encoder.labels(&labels);
            }
            fresh(encoder.encode(&rows, &device))
        })?;
        to_array(py, codes)
    }

    /// The best codes of rows by a beam, (N k, L), and their squared distances (N, k).
    #[pyo3(signature = (rows, place, count, *, beam=None, labels=None))]
    fn candidates<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        place: Place,
        count: usize,
        beam: Option<usize>,
        labels: Option<Columns>,
    ) -> PyResult<(Matrix<'py, u32>, Matrix<'py, f64>)> {
        let device = place.open(py)?;
        let input = Input::new(rows)?;
        let rows = input.rows_for(py, &self.0)?;
        let found = run(py, values_on(&device, &*rows), None, |watch| {
            let mut encoder = match beam {
                Some(beam) => self.0.encoder().beam(beam),
                None => self.0.encoder(),
            };
            if let Some(labels) = labels::labels(labels)? {
                encoder = encoder.labels(&labels);
            }
            fresh(encoder.candidates(count, &watch.rows(&*rows), &device))
        })?;
        let unit = self.0.step() * self.0.step();
        let distances = found.distances().iter().map(|distance| *distance as f64 * unit).collect();
        Ok((matrix(py, found.codes().to_vec(), found.levels())?, matrix(py, distances, count)?))
    }

    /// The rows of codes (N, D), by the first `levels` levels.
    fn decode<'py>(
        &self,
        py: Python<'py>,
        codes: PyReadonlyArray2<'py, u32>,
        levels: usize,
        place: Place,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let device = place.open(py)?;
        let codes = from_array(py, &codes)?;
        let size = codes.len().saturating_mul(self.0.dim());
        let mut values = run(py, size, None, |_| fresh(self.0.decode_levels(&codes, levels, &device)))?;
        if let Some(blocks) = self.0.blocks() {
            blocks.unscale(&mut values);
        }
        matrix(py, values, self.0.dim())
    }

    /// The latents of rows (N, D'), which a network compares with codewords.
    fn latents<'py>(
        &self,
        py: Python<'py>,
        rows: &Bound<'py, PyAny>,
        place: Place,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let device = place.open(py)?;
        let input = Input::new(rows)?;
        let rows = input.rows_for(py, &self.0)?;
        let (latents, dim) = run(py, values_on(&device, &*rows), None, |watch| {
            let rows = watch.rows(&*rows);
            let latents = self.0.quantized_rows(&rows, &device)?;
            let mut out = vec![0.0; latents.len() * latents.dim()];
            latents.read(0, &mut out)?;
            Ok((out, latents.dim()))
        })?;
        matrix(py, latents, dim)
    }

    /// The dimensions of latents, for a network.
    #[getter]
    fn latent_dim(&self) -> Option<usize> {
        self.0.downcast::<RqVaeModel>().map(RqVaeModel::latent_dim)
    }

    /// This model with the numbers of an older one, and how many rows keep their codes.
    fn align_to(
        &self,
        py: Python<'_>,
        old: &Self,
        rows: &Bound<'_, PyAny>,
        weights: Option<PyReadonlyArray1<'_, u64>>,
        place: Place,
    ) -> PyResult<Self> {
        let device = place.open(py)?;
        let weights =
            weights.map(|weights| Weights::new(weights.as_array().iter().copied())).transpose().or_raise(py)?;
        let input = Input::new(rows)?;
        if self.0.blocks() != old.0.blocks() {
            let expected = "must be a model whose embeddings are scaled as those of this one; fit it with warm_start";
            return Err(parameter("older", "a model of other embeddings", expected)).or_raise(py);
        }
        let rows = input.rows_for(py, &self.0)?;
        let (model, _) = run(py, values_on(&device, &*rows), None, |watch| match &weights {
            Some(weights) => self.0.align_to_weighted(&old.0, &watch.rows(&*rows), weights, &device),
            None => self.0.align_to(&old.0, &watch.rows(&*rows), &device),
        })?;
        Ok(Self(model))
    }

    /// Parameters, as JSON, of a short fit by which devices are compared; nothing for a kind that has none.
    fn short_fit(&self, py: Python<'_>, clusters: Vec<usize>, rows: usize) -> PyResult<Option<String>> {
        match self.0.short_fit(&clusters, rows) {
            Err(error) if matches!(error.kind(), ErrorKind::Unsupported { .. }) => Ok(None),
            params => {
                let fields = params.and_then(|params| params.parameters()).or_raise(py)?;
                Ok(Some(serde_json::Value::from_iter(fields).to_string()))
            }
        }
    }
}

/// A result that a lost device gave does not make later calls fail: they open it anew.
pub(crate) fn fresh<T>(result: Result<T>) -> Result<T> {
    result.inspect_err(|error| {
        if matches!(error.kind(), ErrorKind::Device { .. }) {
            forget();
        }
    })
}
