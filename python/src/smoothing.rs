//! Rows mixed with those of the items that they occur with.

use crate::codes::matrix;
use crate::embeddings::Given;
use crate::input::{Input, values};
use crate::model::Model;
use crate::smoothed::SmoothedEmbeddings;
use crate::work::run;
use numpy::{PyReadonlyArray1, PyReadonlyArray2};
use pyo3::prelude::*;
use semid::smoothing::{Partners, Smoothed};
use semid::{Rows, Weights};

/// The rows (N, D), mixed by pairs of the numbers of rows (M, 2): an array, or smoothed embeddings where every row has
/// several, which are scaled as `model` scales them, if there is one.
#[pyfunction]
#[pyo3(signature = (rows, pairs, weight, *, column_weight=None, weights=None, model=None))]
pub(crate) fn smooth<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyAny>,
    pairs: PyReadonlyArray2<'py, u64>,
    weight: f64,
    column_weight: Option<Vec<f64>>,
    weights: Option<PyReadonlyArray1<'py, u64>>,
    model: Option<Bound<'py, Model>>,
) -> PyResult<Bound<'py, PyAny>> {
    let input = Input::new(rows)?;
    let given = Given::new(py, &input, model.as_ref().map(|model| &model.get().0))?;
    let weights: Option<Vec<u64>> = weights.map(|weights| weights.as_array().iter().copied().collect());
    let pairs: Vec<(usize, usize)> = pairs
        .as_array()
        .rows()
        .into_iter()
        .filter_map(|pair| Some((*pair.first()? as usize, *pair.get(1)? as usize)))
        .collect();
    let (mixed, dim, scaled) = run(py, given.values(), None, |watch| {
        let weights = weights.map(Weights::new).transpose()?;
        let scaled = given.scaled(watch, column_weight.as_deref(), weights.as_ref())?;
        let mixed = Smoothed::new(scaled.rows(), Partners::of_rows(scaled.rows().len(), pairs)?, weight, None)?;
        let mut out = vec![0.0; values(&mixed)];
        mixed.read(0, &mut out)?;
        watch.check()?;
        Ok((out, mixed.dim(), scaled.blocks().map(|blocks| (blocks.clone(), scaled.imputed()))))
    })?;
    match scaled {
        Some((blocks, imputed)) => {
            Ok(Bound::new(py, SmoothedEmbeddings { values: mixed, blocks, imputed })?.into_any())
        }
        None => matrix(py, mixed, dim).map(Bound::into_any),
    }
}
