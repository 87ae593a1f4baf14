//! Rows of a job: an array, or a file of the visitor's that is read in pieces.

use crate::host;
use semid::io::{Inputs, ReadAt, ReadOptions};
use semid::{Error, ErrorKind, Matrix, Model, Result, Rows};
use serde::Deserialize;
use std::io;

/// Where the rows of a job are, as JavaScript tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Source {
    /// The job's values, in rows of `dim`.
    Values {
        /// Dimensions of a row.
        dim: usize,
    },
    /// A file.
    #[serde(rename_all = "camelCase")]
    File {
        /// The number by which the worker knows it.
        file: u32,
        name: String,
        size: f64,
        #[serde(default)]
        column: Option<String>,
        #[serde(default)]
        tensor: Option<String>,
    },
}

/// A file of the visitor's.
#[derive(Debug)]
struct Dropped {
    file: u32,
    size: u64,
}

impl ReadAt for Dropped {
    fn len(&self) -> u64 {
        self.size
    }

    fn read_at(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.size) {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        match host::read_file(self.file, offset as f64, out) {
            error if error.is_empty() => Ok(()),
            error => Err(io::Error::other(error)),
        }
    }
}

impl Source {
    /// Opens the rows; `values` are those of the job.
    pub(crate) fn open<'a>(&self, values: &'a [f32]) -> Result<Box<dyn Rows + 'a>> {
        match self {
            Self::Values { dim } => Ok(Box::new(Matrix::new(values, *dim)?)),
            Self::File { .. } => Ok(Box::new(self.inputs()?)),
        }
    }

    /// Opens the rows as a model takes them: where they consist of several embeddings, scaled by the model's blocks.
    pub(crate) fn open_for<'a>(&self, values: &'a [f32], model: &Model) -> Result<Box<dyn Rows + 'a>> {
        let Some(blocks) = model.blocks() else { return self.open(values) };
        if let Self::Values { dim } = self {
            return Ok(Box::new(blocks.rows(Matrix::new(values, *dim)?)?));
        }
        let inputs = self.inputs_of(blocks.iter().map(|block| block.name().to_owned()).collect())?;
        let mut widths = blocks.widths().into_iter().zip(inputs.widths().iter().copied());
        match widths.find(|(expected, found)| expected != found) {
            Some((expected, found)) => Err(ErrorKind::DimMismatch { expected, found }.into()),
            None => Ok(Box::new(blocks.rows(inputs)?)),
        }
    }

    /// Opens the file.
    pub(crate) fn inputs(&self) -> Result<Inputs> {
        self.inputs_of(Vec::new())
    }

    /// Opens the file, whose rows have these embeddings, or one if none is named.
    fn inputs_of(&self, blocks: Vec<String>) -> Result<Inputs> {
        let Self::File { file, name, size, column, tensor } = self else {
            return Err(Error::source_of_rows("rows in memory have no columns beside them"));
        };
        let mut options = ReadOptions::default();
        (options.column, options.tensor, options.blocks) = (column.clone(), tensor.clone(), blocks);
        Inputs::of_bytes(name, Dropped { file: *file, size: *size as u64 }, &options)
    }
}
