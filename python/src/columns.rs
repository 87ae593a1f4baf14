//! Files whose rows have several embeddings, each by itself.

use crate::errors::OrRaise;
use crate::source::Source;
use pyo3::prelude::*;
use semid::io::{Inputs, ReadOptions};
use semid::{Result, Rows};
use std::path::PathBuf;
use std::sync::Arc;

/// Opens files whose rows have several embeddings, in these columns; returns the embeddings by themselves. One that a
/// row lacks is nothing but NaN.
#[pyfunction]
#[pyo3(signature = (paths, columns, *, bytes=None, skip_bad_rows=false))]
pub(crate) fn open_columns(
    py: Python<'_>,
    paths: Vec<PathBuf>,
    columns: Vec<String>,
    bytes: Option<&str>,
    skip_bad_rows: bool,
) -> PyResult<Vec<Source>> {
    let mut options = ReadOptions::default();
    options.blocks = columns;
    options.bytes = bytes.map(str::parse).transpose().or_raise(py)?;
    if skip_bad_rows {
        options.bad_rows = semid::io::BadRows::Skip;
    }
    let inputs = Arc::new(py.detach(|| Inputs::open(&paths, &options)).or_raise(py)?);
    // The names are those of the embeddings, wherever they come from.
    options.blocks.clear();
    let mut first = 0;
    let mut column = |width: &usize| {
        let rows = Column { inputs: Arc::clone(&inputs), first, width: *width };
        first += width;
        Source::of_files(rows, inputs.files().map(|(path, _)| path.to_owned()).collect(), options.clone())
    };
    Ok(inputs.widths().iter().map(&mut column).collect())
}

/// One of several embeddings of every row.
struct Column {
    inputs: Arc<Inputs>,
    /// The first of its dimensions among those of the row.
    first: usize,
    width: usize,
}

impl Rows for Column {
    fn len(&self) -> usize {
        self.inputs.len()
    }

    fn dim(&self) -> usize {
        self.width
    }

    fn is_decoded(&self) -> bool {
        self.inputs.is_decoded()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let (dim, width) = (self.inputs.dim(), self.width.max(1));
        let mut all = vec![0.0; out.len() / width * dim];
        self.inputs.read(first, &mut all)?;
        for (out, row) in out.chunks_exact_mut(width).zip(all.chunks_exact(dim.max(1))) {
            out.iter_mut().zip(row.iter().skip(self.first)).for_each(|(out, value)| *out = *value);
        }
        Ok(())
    }
}
