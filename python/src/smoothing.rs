//! Rows mixed with those of the items that they occur with.

use crate::codes::matrix;
use crate::input::{Input, values};
use crate::work::run;
use numpy::{PyArray2, PyReadonlyArray2};
use pyo3::prelude::*;
use semid::Rows;
use semid::smoothing::{Partners, Smoothed};

/// The rows (N, D), mixed by pairs of the numbers of rows (M, 2).
#[pyfunction]
pub(crate) fn smooth<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyAny>,
    pairs: PyReadonlyArray2<'py, u64>,
    weight: f64,
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    let input = Input::new(rows)?;
    let rows = input.rows(py)?;
    let pairs: Vec<(usize, usize)> = pairs
        .as_array()
        .rows()
        .into_iter()
        .filter_map(|pair| Some((*pair.first()? as usize, *pair.get(1)? as usize)))
        .collect();
    let (mixed, dim) = run(py, values(&*rows), None, |watch| {
        let rows = watch.rows(&*rows);
        let mixed = Smoothed::new(&rows, Partners::of_rows(rows.len(), pairs)?, weight, None)?;
        let mut out = vec![0.0; values(&mixed)];
        mixed.read(0, &mut out)?;
        watch.check()?;
        Ok((out, mixed.dim()))
    })?;
    matrix(py, mixed, dim)
}
