//! Rows of a job: an array, or a file of the visitor's that is read in pieces.

use crate::host;
use semid::io::{Inputs, ReadAt, ReadOptions};
use semid::{Error, Matrix, Result, Rows};
use serde::Deserialize;
use std::io;

/// Where the rows of a job are, as JavaScript tells it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) enum Source {
    /// The job's values, in rows of so many.
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

    /// Opens the file.
    pub(crate) fn inputs(&self) -> Result<Inputs> {
        let Self::File { file, name, size, column, tensor } = self else {
            return Err(Error::source_of_rows("rows in memory have no columns beside them"));
        };
        let mut options = ReadOptions::default();
        (options.column, options.tensor) = (column.clone(), tensor.clone());
        Inputs::of_bytes(name, Dropped { file: *file, size: *size as u64 }, &options)
    }
}
