use super::dict::BFLOAT;
use super::header::Header;
use crate::error::Result;
use crate::io::dense::{Dense, Float};
use crate::io::dialect::Dialect;
use crate::io::file::Source;
use crate::rows::Rows;
use std::path::Path;

/// Embeddings in an npy file, read in pieces.
///
/// It takes f2, f4 and f8 of either byte order and bfloat16, in C order and in Fortran order. An f8 value beyond the
/// range of f32 becomes an infinity.
///
/// # Shapes
/// The array is (N, D).
#[derive(Debug)]
pub struct NpyRows(Dense);

impl Dialect for NpyRows {}

impl NpyRows {
    /// Opens `path` and checks its header against its length.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for a file that is not
    /// such an array; [`ErrorKind::Dim`](crate::ErrorKind::Dim).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        Self::of(Source::open(path.as_ref(), "npy")?, false)
    }

    /// Opens the array in `source`, which may be of integers of up to 16 bits if `integers` says so.
    pub(crate) fn of(source: Source, integers: bool) -> Result<Self> {
        let Header { descr, by_columns, rows, columns, start } = Header::read(&source)?;
        let float = match (descr.kind, descr.size) {
            (BFLOAT, _) => Float::Bf16,
            (b'f', 2) => Float::F16,
            (b'f', 4) => Float::F32,
            (b'f', 8) => Float::F64,
            (b'i', 1) if integers => Float::I8,
            (b'u', 1) if integers => Float::U8,
            (b'i', 2) if integers => Float::I16,
            (b'u', 2) if integers => Float::U16,
            (_, 1 | 2) => {
                let remedy = "allow integers if these are embeddings, or save `x.astype(np.float32) * scale` instead";
                return Err(source.error(format!("it holds integers, whose scale is not in the file: {remedy}")));
            }
            _ => return Err(source.error("it holds integers, not floats; save `x.astype(np.float32)` instead")),
        };
        let bytes = source.len() - start;
        let big_endian = descr.big_endian;
        Dense { source, start, rows, dim: columns, float, big_endian, by_columns }.check(bytes).map(Self)
    }
}

impl Rows for NpyRows {
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
