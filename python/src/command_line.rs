//! The command line tool.

use pyo3::prelude::*;
use pyo3::types::PyBytes;
use std::ffi::OsString;

/// Runs the tool `semid` with these arguments and returns its exit code; once in a process.
#[pyfunction]
pub(crate) fn command_line(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| semid_cli::main(args))
}

/// The Parquet file of the demo: names of packages, and embeddings of their descriptions.
#[pyfunction]
pub(crate) fn demo_data(py: Python<'_>) -> Bound<'_, PyBytes> {
    PyBytes::new(py, semid_cli::DEMO_DATA)
}
