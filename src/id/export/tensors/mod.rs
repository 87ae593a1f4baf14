//! Files of several arrays, which are written piece by piece and so may be larger than memory.

#[cfg(feature = "npz")]
mod npz;
mod safetensors;

#[cfg(feature = "npz")]
pub(super) use npz::write_npz;
pub(super) use safetensors::write_safetensors;

use crate::error::Result;

/// Numbers that are converted to bytes at a time.
const CHUNK: usize = 8192;

/// Takes the next bytes of an array.
pub(super) type Put<'p> = dyn FnMut(&[u8]) -> Result<()> + 'p;

/// Gives the bytes of an array.
type GiveBytes<'a> = dyn Fn(&mut Put<'_>) -> Result<()> + 'a;

/// An array of a file, whose bytes are made while it is written.
pub(super) struct ExportArray<'a> {
    name: &'static str,
    dtype: ElementType,
    shape: Vec<usize>,
    bytes: Box<GiveBytes<'a>>,
}

/// The type of an array's elements; all are little endian.
#[derive(Clone, Copy)]
pub(super) enum ElementType {
    I64,
    I32,
    U8,
    Bool,
}

impl ElementType {
    fn size(self) -> usize {
        match self {
            Self::I64 => 8,
            Self::I32 => 4,
            Self::U8 | Self::Bool => 1,
        }
    }
}

impl<'a> ExportArray<'a> {
    /// An array whose bytes `bytes` gives in order, in as many pieces as it likes.
    pub(super) fn new(
        name: &'static str,
        dtype: ElementType,
        shape: Vec<usize>,
        bytes: impl Fn(&mut Put<'_>) -> Result<()> + 'a,
    ) -> Self {
        Self { name, dtype, shape, bytes: Box::new(bytes) }
    }

    pub(super) fn i64(name: &'static str, numbers: &'a [i64]) -> Self {
        Self::new(name, ElementType::I64, vec![numbers.len()], |put| {
            chunks(numbers, |number| number.to_le_bytes(), put)
        })
    }

    pub(super) fn i32(name: &'static str, numbers: &'a [i32]) -> Self {
        Self::new(name, ElementType::I32, vec![numbers.len()], |put| {
            chunks(numbers, |number| number.to_le_bytes(), put)
        })
    }

    pub(super) fn u8(name: &'static str, bytes: &'a [u8]) -> Self {
        Self::new(name, ElementType::U8, vec![bytes.len()], |put| put(bytes))
    }

    pub(super) fn bool(name: &'static str, values: &'a [bool]) -> Self {
        Self::new(name, ElementType::Bool, vec![values.len()], |put| chunks(values, |value| [u8::from(*value)], put))
    }

    /// Number of bytes.
    fn len(&self) -> u64 {
        self.shape.iter().map(|len| *len as u64).product::<u64>() * self.dtype.size() as u64
    }
}

/// Gives the bytes of `values`, some thousand values at a time.
fn chunks<T, const N: usize>(values: &[T], bytes: impl Fn(&T) -> [u8; N], put: &mut Put<'_>) -> Result<()> {
    values.chunks(CHUNK).try_for_each(|chunk| put(&chunk.iter().flat_map(&bytes).collect::<Vec<u8>>()))
}
