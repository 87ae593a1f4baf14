//! Options of readers: which part of a file holds the embeddings, and how to read it.

use super::bad_rows::BadRows;
use crate::error::{Error, Result};
use std::fmt;
use std::str::FromStr;

/// Options of a reader: which part of a file holds the embeddings, where there may be several, and how to read it.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Column of a .parquet or .jsonl file; without it `embedding`, or else the only column of lists of floats.
    pub column: Option<String>,
    /// Several columns of a .parquet or .jsonl file, or tensors of a .safetensors or .npz file, in place of `column` or
    /// `tensor`: each has a block of every row, and the row consists of its blocks in this order. A block that a row
    /// lacks is nothing but NaN; see [`Blocks`](crate::blocks::Blocks).
    pub blocks: Vec<String>,
    /// The columns of a table that has one for every dimension: `f0..f383`, `a,b,c`, or the prefix `f`, which means all
    /// columns of that name and a number.
    pub columns: Option<String>,
    /// Tensor of a .safetensors file or array of an .npz file; without it the only matrix of floats.
    pub tensor: Option<String>,
    /// How a column of bytes stores its floats; without it such columns are refused.
    pub bytes: Option<FloatBytes>,
    /// Whether arrays of integers of up to 16 bits are embeddings; their scale is 1.
    pub integers: bool,
    /// Columns of a .csv or .tsv file that are no dimensions, such as that of item keys.
    pub beside: Vec<String>,
    /// What the reader does about rows that cannot be used.
    pub bad_rows: BadRows,
    /// The number of dimensions of a file in which no row tells it.
    pub(crate) dim: Option<usize>,
    /// The number of dimensions of every block, in place of `dim`.
    pub(crate) widths: Vec<usize>,
}

/// How a column of bytes stores the floats of a row: one after the other, the lowest byte first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FloatBytes {
    /// IEEE half precision, 2 bytes.
    F16,
    /// bfloat16, 2 bytes.
    Bf16,
    /// IEEE single precision, 4 bytes.
    F32,
    /// IEEE double precision, 8 bytes; a value beyond the range of f32 becomes an infinity.
    F64,
}

impl FloatBytes {
    const ALL: [(&'static str, Self); 4] =
        [("f16le", Self::F16), ("bf16le", Self::Bf16), ("f32le", Self::F32), ("f64le", Self::F64)];

    /// Bytes of a value.
    pub fn size(self) -> usize {
        match self {
            Self::F16 | Self::Bf16 => 2,
            Self::F32 => 4,
            Self::F64 => 8,
        }
    }
}

impl fmt::Display for FloatBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Self::ALL.iter().find(|(_, of)| of == self).map_or("", |(name, _)| name))
    }
}

impl FromStr for FloatBytes {
    type Err = Error;

    /// Reads `f16le`, `bf16le`, `f32le` or `f64le`.
    fn from_str(name: &str) -> Result<Self> {
        let found = Self::ALL.iter().find(|(known, _)| *known == name);
        found.map(|(_, of)| *of).ok_or_else(|| Error::parameter("bytes", name, "must be f16le, bf16le, f32le or f64le"))
    }
}
