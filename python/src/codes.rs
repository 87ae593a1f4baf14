//! Codes as NumPy arrays of uint32.

use crate::errors::OrRaise;
use numpy::{Element, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray2};
use pyo3::prelude::*;
use semid::Codes;

/// Copies codes (N, L) out of an array, as the library keeps codes of its own.
pub(crate) fn from_array(py: Python<'_>, array: &PyReadonlyArray2<'_, u32>) -> PyResult<Codes> {
    let view = array.as_array();
    Codes::new(view.iter().copied().collect(), view.ncols()).or_raise(py)
}

/// An array (N, L) that takes over the codes.
pub(crate) fn to_array(py: Python<'_>, codes: Codes) -> PyResult<Bound<'_, PyArray2<u32>>> {
    let (rows, levels) = (codes.len(), codes.levels());
    PyArray1::from_vec(py, codes.into_values()).reshape([rows, levels])
}

/// A matrix (N, columns) that takes over the values.
pub(crate) fn matrix<T: Element>(py: Python<'_>, values: Vec<T>, columns: usize) -> PyResult<Bound<'_, PyArray2<T>>> {
    let rows = values.len() / columns.max(1);
    PyArray1::from_vec(py, values).reshape([rows, columns])
}
