//! Batches of an iterator on disk, so that a fit can read them more than once.

use crate::errors::OrRaise;
use crate::input::Input;
use crate::source::Source;
use pyo3::exceptions::{PyOSError, PyRuntimeError};
use pyo3::prelude::*;
use semid::io::{Inputs, NpyWriter, ReadOptions};
use semid::{Result, Rows};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Values that a file has at least, but for the last one.
const MANY: usize = 1 << 24;

/// Batches in files of a temporary folder.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct Spool(Mutex<Option<Parts>>);

struct Parts {
    folder: tempfile::TempDir,
    files: usize,
    /// Values that are in no file yet.
    values: Vec<f32>,
    dim: usize,
}

#[pymethods]
impl Spool {
    /// Makes a folder in `parent`, or where temporary files are made.
    #[new]
    #[pyo3(signature = (parent=None))]
    fn new(parent: Option<std::path::PathBuf>) -> PyResult<Self> {
        let folder = match parent {
            Some(parent) => tempfile::tempdir_in(parent),
            None => tempfile::tempdir(),
        };
        let folder =
            folder.map_err(|error| PyOSError::new_err(format!("creating a temporary folder failed: {error}")))?;
        Ok(Self(Mutex::new(Some(Parts { folder, files: 0, values: Vec::new(), dim: 0 }))))
    }

    /// Adds the rows of a batch.
    fn append(&self, py: Python<'_>, batch: &Bound<'_, PyAny>) -> PyResult<()> {
        let input = Input::new(batch)?;
        let rows = input.rows(py)?;
        let mut parts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let parts = parts.as_mut().ok_or_else(finished)?;
        py.detach(|| parts.append(&*rows)).or_raise(py)
    }

    /// Returns all rows, in the order in which they were added.
    fn finish(&self, py: Python<'_>) -> PyResult<Source> {
        let parts = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let parts = parts.ok_or_else(finished)?;
        py.detach(|| parts.finish()).or_raise(py)
    }
}

fn finished() -> PyErr {
    PyRuntimeError::new_err("these batches are finished")
}

impl Parts {
    fn append(&mut self, rows: &dyn Rows) -> Result<()> {
        if self.dim == 0 {
            self.dim = rows.dim();
        }
        if rows.dim() != self.dim {
            return Err(semid::ErrorKind::DimMismatch { expected: self.dim, found: rows.dim() }.into());
        }
        let step = (MANY / self.dim.max(1)).max(1);
        for first in (0..rows.len()).step_by(step) {
            let count = step.min(rows.len() - first);
            let held = self.values.len();
            self.values.resize(held + count * self.dim, 0.0);
            rows.read(first, self.values.get_mut(held..).unwrap_or_default())?;
            if self.values.len() >= MANY {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Writes a file with the values held.
    fn write(&mut self) -> Result<()> {
        // The names have the order of the numbers.
        let path = self.folder.path().join(format!("{:08}.npy", self.files));
        let mut out = NpyWriter::<f32>::create(&path, self.values.len() / self.dim.max(1), self.dim)?;
        out.write(&self.values)?;
        out.finish()?;
        self.values.clear();
        self.files += 1;
        Ok(())
    }

    fn finish(mut self) -> Result<Source> {
        if !self.values.is_empty() {
            self.write()?;
        }
        if self.files == 0 {
            return Err(semid::ErrorKind::Empty.into());
        }
        let folder: &Path = self.folder.path();
        let rows = Inputs::open([folder], &ReadOptions::default())?;
        Ok(Source::temporary(rows, self.folder))
    }
}
