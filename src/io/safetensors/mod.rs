//! Reads one tensor of a safetensors file as embeddings.

mod header;
#[cfg(test)]
mod tests;

use super::dense::{Dense, Float};
use super::dialect::Dialect;
use super::file::Source;
use super::list;
use crate::error::Result;
use crate::rows::Rows;
use header::{Dtype, Header, TensorEntry};
use std::path::Path;

/// Embeddings in a tensor of a safetensors file, read in pieces.
///
/// It takes F16, BF16, F32 and F64. A value beyond the range of f32 becomes an infinity.
///
/// # Shapes
/// The tensor is (N, D).
#[derive(Debug)]
pub struct SafetensorsRows(Dense);

impl Dialect for SafetensorsRows {}

impl SafetensorsRows {
    /// Opens the tensor `name` of the file at `path`, or its only tensor that can hold embeddings.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a damaged file or
    /// no such tensor; [`ErrorKind::Dim`](crate::ErrorKind::Dim).
    pub fn open(path: impl AsRef<Path>, name: Option<&str>) -> Result<Self> {
        Self::of(Source::open(path.as_ref(), "safetensors")?, name)
    }

    pub(crate) fn of(source: Source, name: Option<&str>) -> Result<Self> {
        let header = Header::read(&source)?;
        let (name, tensor, float) = choose(&header, name).map_err(|reason| source.error(reason))?;
        let Some([rows, dim]) = tensor.shape.matrix() else {
            return Err(source.error(format!("tensor {name:?} is too large")));
        };
        let [begin, end] = tensor.data_offsets;
        // No overflow: the offsets were checked against the length of the file.
        let start = header.data + begin;
        Dense { source, start, rows, dim, float, big_endian: false, by_columns: false }.check(end - begin).map(Self)
    }
}

/// Chooses the tensor to read; returns it with its name and the type of its values, or says why there is none.
fn choose<'a>(header: &'a Header, name: Option<&str>) -> Result<(&'a str, &'a TensorEntry, Float), String> {
    let usable = |(name, tensor): (&'a String, &'a TensorEntry)| {
        let float = tensor.dtype.float().filter(|_| tensor.shape.sides == 2)?;
        Some((name.as_str(), tensor, float))
    };
    if let Some(name) = name {
        let Some(entry) = header.tensors.get_key_value(name) else {
            return Err(format!("no tensor {name:?}; it has {}", list(header.tensors.keys())));
        };
        return usable(entry).ok_or_else(|| format!("tensor {name:?} is no matrix of F16, BF16, F32 or F64"));
    }
    let mut candidates = header.tensors.iter().filter_map(usable);
    match (candidates.next(), candidates.next()) {
        (Some(only), None) => Ok(only),
        (None, _) => Err("no tensor is a matrix of F16, BF16, F32 or F64".to_owned()),
        _ => {
            let names = header.tensors.iter().filter_map(usable).map(|(name, ..)| name);
            Err(format!("several tensors could hold embeddings: {}; name the tensor to read", list(names)))
        }
    }
}

impl Dtype {
    fn float(self) -> Option<Float> {
        match self {
            Dtype::F16 => Some(Float::F16),
            Dtype::BF16 => Some(Float::Bf16),
            Dtype::F32 => Some(Float::F32),
            Dtype::F64 => Some(Float::F64),
            Dtype::Other => None,
        }
    }
}

impl Rows for SafetensorsRows {
    fn len(&self) -> usize {
        self.0.len()
    }

    fn dim(&self) -> usize {
        self.0.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        self.0.read(first, out)
    }
}
