//! The command line tool.

use pyo3::prelude::*;
use std::ffi::OsString;

/// Runs the tool `semid` with these arguments and returns its exit code; once in a process.
#[pyfunction]
pub(crate) fn command_line(py: Python<'_>, args: Vec<OsString>) -> u8 {
    py.detach(|| semid_cli::main(args))
}
