//! Errors of the library as Python's: `semid/_errors.py` chooses the class and the words.

use pyo3::prelude::*;
use semid::{Error, ErrorKind};

/// Turns an error of the library into a `semid.SemidError`.
pub(crate) fn to_python(py: Python<'_>, error: &Error) -> PyErr {
    match exception(py, error) {
        Ok(exception) => PyErr::from_value(exception),
        Err(failed) => failed,
    }
}

fn exception<'py>(py: Python<'py>, error: &Error) -> PyResult<Bound<'py, PyAny>> {
    let kind = error.kind();
    let (name, code) = match kind {
        ErrorKind::Parameter { name, .. } => (Some(*name), None),
        ErrorKind::Io { source, .. } => (None, source.raw_os_error()),
        _ => (None, None),
    };
    let path = error.path().map(|path| path.to_string_lossy().into_owned());
    py.import("semid._errors")?.getattr("make")?.call1((name_of(kind), error.to_string(), path, name, code))
}

/// The name of the variant, which its `Debug` form begins with.
fn name_of(kind: &ErrorKind) -> String {
    format!("{kind:?}").chars().take_while(char::is_ascii_alphanumeric).collect()
}

/// The `semid.InputError` of input that is refused here and not by the library.
pub(crate) fn input_error(py: Python<'_>, kind: &str, reason: &str) -> PyErr {
    let made = || py.import("semid._errors")?.getattr("InputError")?.call1((reason, kind));
    made().map_or_else(|failed| failed, PyErr::from_value)
}

/// Results of the library for Python.
pub(crate) trait OrRaise<T> {
    /// Returns the value, or the exception for the error.
    fn or_raise(self, py: Python<'_>) -> PyResult<T>;
}

impl<T> OrRaise<T> for semid::Result<T> {
    fn or_raise(self, py: Python<'_>) -> PyResult<T> {
        self.map_err(|error| to_python(py, &error))
    }
}

/// The error of an argument, in the form of the library's own.
pub(crate) fn parameter(name: &'static str, value: impl ToString, expected: impl Into<String>) -> Error {
    ErrorKind::Parameter { name, value: value.to_string(), expected: expected.into() }.into()
}
