use super::header::Header;
use crate::error::Result;
use crate::io::dense::{Dense, Float};
use crate::io::file::Source;
use crate::rows::Rows;
use std::path::Path;

/// Embeddings in an npy file, read in pieces.
///
/// Takes f2, f4 and f8 of either byte order in C order. An f8 value beyond the range of f32 becomes an infinity.
///
/// # Shapes
/// The array is (N, D).
#[derive(Debug)]
pub struct NpyRows(Dense);

impl NpyRows {
    /// Opens `path` and checks its header against its length.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Format`](crate::ErrorKind::Format) for what is not such an
    /// array; [`ErrorKind::Dim`](crate::ErrorKind::Dim).
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let source = Source::open(path, "npy")?;
        let Header { descr, rows, columns, start } = Header::read(&source)?;
        let float = match (descr.kind, descr.size) {
            (b'f', 2) => Float::F16,
            (b'f', 4) => Float::F32,
            (b'f', 8) => Float::F64,
            _ => return Err(source.error("it holds integers, not floats; save `x.astype(np.float32)` instead")),
        };
        let bytes = source.len() - start;
        Dense { source, start, rows, dim: columns, float, big_endian: descr.big_endian }.check(bytes).map(Self)
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
