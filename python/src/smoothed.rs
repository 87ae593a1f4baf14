//! Several embeddings of every row, mixed with those of the items that they occur with.

use crate::codes::matrix;
use crate::errors::parameter;
use numpy::PyArray2;
use pyo3::prelude::*;
use semid::blocks::{Block, Blocks};
use semid::{Matrix, Result};

/// Several embeddings of every row: scaled, joined and mixed.
#[pyclass(frozen, module = "semid._semid")]
pub(crate) struct SmoothedEmbeddings {
    pub(crate) values: Vec<f32>,
    pub(crate) blocks: Blocks,
    /// How many rows lack each embedding.
    pub(crate) imputed: Vec<u64>,
}

impl SmoothedEmbeddings {
    pub(crate) fn rows(&self) -> Result<Matrix<'_>> {
        Matrix::new(&self.values, self.blocks.dim())
    }

    /// The rows for a model, which has to scale embeddings in the same way.
    pub(crate) fn rows_for(&self, model: &semid::Model) -> Result<Matrix<'_>> {
        match model.blocks() {
            Some(blocks) if *blocks == self.blocks => self.rows(),
            _ => {
                let expected = "must be rows scaled as the model scales them: smooth(..., model=...) with that model";
                Err(parameter("X", "smoothed embeddings", expected))
            }
        }
    }
}

#[pymethods]
impl SmoothedEmbeddings {
    /// Rows and dimensions.
    #[getter]
    fn shape(&self) -> (usize, usize) {
        (self.__len__(), self.blocks.dim())
    }

    fn __len__(&self) -> usize {
        self.values.len() / self.blocks.dim().max(1)
    }

    fn __repr__(&self) -> String {
        let names: Vec<&str> = self.blocks.iter().map(Block::name).collect();
        format!("<semid smoothed embeddings: {} rows of {}>", self.__len__(), names.join(", "))
    }

    /// The rows, scaled and joined (N, D).
    fn to_numpy<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray2<f32>>> {
        matrix(py, self.values.clone(), self.blocks.dim())
    }
}
