//! Rows that do not come from NumPy: in files, or in memory of Arrow.

use crate::codes::matrix;
use crate::errors::OrRaise;
use numpy::{PyArray1, PyArray2};
use pyo3::prelude::*;
use semid::io::{Inputs, ReadOptions};
use semid::{Concat, Result, Rows, Weights};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

/// Rows to read any number of times; the classes of the package accept it wherever they accept rows.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct Source {
    rows: Arc<dyn Rows + Send + Sync>,
    /// What the rows are read from, for `repr`.
    what: &'static str,
    /// The files that have the rows, for a source of files that were named.
    files: Vec<PathBuf>,
    /// How the files are read, for the record that a model keeps.
    reading: Option<ReadOptions>,
}

/// Rows of files in a folder, which is deleted with the rows: whatever shares them keeps the files.
struct Temporary<R> {
    rows: R,
    _folder: tempfile::TempDir,
}

impl<R: Rows> Rows for Temporary<R> {
    semid::forward_rows!(rows);

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.rows.read(first, out)
    }
}

impl Source {
    pub(crate) fn new(rows: impl Rows + Send + 'static, what: &'static str) -> Self {
        Self { rows: Arc::new(rows), what, files: Vec::new(), reading: None }
    }

    /// Makes rows of files that were named, which are read like this.
    pub(crate) fn of_files(rows: impl Rows + Send + 'static, files: Vec<PathBuf>, reading: ReadOptions) -> Self {
        Self { files, reading: Some(reading), ..Self::new(rows, "files") }
    }

    /// Makes rows of files in a folder that is deleted when nothing uses the rows any more.
    pub(crate) fn temporary(rows: impl Rows + Send + 'static, folder: tempfile::TempDir) -> Self {
        Self::new(Temporary { rows, _folder: folder }, "batches on disk")
    }

    pub(crate) fn rows(&self) -> Arc<dyn Rows + Send + Sync> {
        Arc::clone(&self.rows)
    }

    pub(crate) fn reading(&self) -> Option<&ReadOptions> {
        self.reading.as_ref()
    }
}

#[pymethods]
impl Source {
    /// The number of rows and of dimensions.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        (self.rows.len(), self.rows.dim())
    }

    /// The files that have the rows, in their order; none for rows that come from elsewhere.
    #[getter]
    fn files(&self) -> Vec<OsString> {
        self.files.iter().map(|path| path.clone().into_os_string()).collect()
    }

    /// The rows of several sources, one after the other.
    #[staticmethod]
    fn concat(py: Python<'_>, sources: Vec<Bound<'_, Self>>) -> PyResult<Self> {
        let rows = Concat::new(sources.iter().map(|source| source.get().rows())).or_raise(py)?;
        Ok(Self::new(rows, "several sources"))
    }

    /// The rows from `first` on, as an array (count, D).
    fn read<'py>(&self, py: Python<'py>, first: usize, count: usize) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let count = count.min(self.rows.len().saturating_sub(first));
        let mut values = vec![0.0; count * self.rows.dim()];
        py.detach(|| self.rows.read(first, &mut values)).or_raise(py)?;
        matrix(py, values, self.rows.dim())
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __repr__(&self) -> String {
        format!("<semid rows: {} x {}, {}>", self.rows.len(), self.rows.dim(), self.what)
    }
}

/// Opens files, folders and patterns as one input.
#[pyfunction]
#[pyo3(signature = (
    paths, *, column=None, columns=None, tensor=None, bytes=None, integers=false, beside=Vec::new(), skip_bad_rows=false
))]
#[allow(clippy::too_many_arguments)]
pub(crate) fn open(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    column: Option<String>,
    columns: Option<String>,
    tensor: Option<String>,
    bytes: Option<&str>,
    integers: bool,
    beside: Vec<String>,
    skip_bad_rows: bool,
) -> PyResult<Source> {
    let mut options = ReadOptions::default();
    options.column = column;
    options.columns = columns;
    options.tensor = tensor;
    options.bytes = bytes.map(str::parse).transpose().or_raise(py)?;
    options.integers = integers;
    options.beside = beside;
    if skip_bad_rows {
        options.bad_rows = semid::io::BadRows::Skip;
    }
    let inputs = py.detach(|| Inputs::open(&paths, &options)).or_raise(py)?;
    let files = inputs.files().map(|(path, _)| path.to_owned()).collect();
    Ok(Source::of_files(inputs, files, options))
}

/// The weights of the rows of files, whole numbers in the column `weights`.
#[pyfunction]
#[pyo3(signature = (paths, weights, *, column=None))]
pub(crate) fn read_weights(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    weights: String,
    column: Option<String>,
) -> PyResult<Bound<'_, PyArray1<u64>>> {
    let read = || {
        let mut options = ReadOptions::default();
        options.column = column;
        options.beside = vec![weights.clone()];
        multiples(&Inputs::open(&paths, &options)?.numbers(&weights)?, "1")
    };
    Ok(PyArray1::from_vec(py, py.detach(read).or_raise(py)?))
}

/// How often `step` goes into each of these numbers.
#[pyfunction]
pub(crate) fn whole_weights<'py>(
    py: Python<'py>,
    numbers: Vec<String>,
    step: &str,
) -> PyResult<Bound<'py, PyArray1<u64>>> {
    Ok(PyArray1::from_vec(py, py.detach(|| multiples(&numbers, step)).or_raise(py)?))
}

fn multiples(numbers: &[String], step: &str) -> Result<Vec<u64>> {
    let weights = Weights::read(numbers, step)?;
    Ok((0..weights.len()).map(|row| weights.of(row)).collect())
}

/// The texts of a column of a file, such as item keys.
#[pyfunction]
pub(crate) fn read_strings(py: Python<'_>, path: PathBuf, column: &str) -> PyResult<Vec<String>> {
    py.detach(|| semid::io::read_strings(&path, column)).or_raise(py)
}
