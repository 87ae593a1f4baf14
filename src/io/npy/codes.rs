use super::header::Header;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::io::file::Source;
use crate::rows::out_of_range;
use std::path::Path;

/// Number of values that are read at a time.
const CHUNK: usize = 1 << 15;

/// The value that a file of codes has at every level of a row without codes, such as a bad row that was left out.
pub const NO_CODE: u32 = u32::MAX;

/// Codes in an npy file, read in pieces.
///
/// It takes every integer type of up to 64 bits, as long as the values are codes, 0 to 2^32 - 1. Rows without codes
/// have [`NO_CODE`] at every level.
///
/// # Shapes
/// The array is (N, L), N rows of L levels.
#[derive(Debug)]
pub struct CodesFile {
    source: Source,
    header: Header,
}

impl CodesFile {
    /// Opens `path` and checks its header against its length.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Format`] for a file that is not an array of integers with two dimensions in C
    /// order.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let source = Source::open(path, "npy")?;
        let header = Header::read(&source)?;
        if !matches!(header.descr.kind, b'i' | b'u') {
            return Err(source.error("it holds floats, not codes; give the file that `encode` wrote"));
        }
        if header.by_columns {
            return Err(source.error("its codes are in Fortran order; save `np.ascontiguousarray(x)` instead"));
        }
        if header.columns == 0 {
            return Err(source.error("its rows have no levels"));
        }
        Ok(Self { source, header })
    }

    /// Returns the number of rows, N.
    pub fn len(&self) -> usize {
        self.header.rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the number of levels, L.
    pub fn levels(&self) -> usize {
        self.header.columns
    }

    /// Copies the codes of the rows from `first` on into `out`, as many as `out` holds.
    ///
    /// # Shapes
    /// `out.len()` is a multiple of `levels()`, and `first + out.len() / levels() <= len()`.
    ///
    /// # Errors
    /// [`ErrorKind::Io`]; [`ErrorKind::Format`] for a value that is no code, with its row and level.
    pub fn read(&self, first: usize, out: &mut [u32]) -> Result<()> {
        let levels = self.levels();
        if !out.len().is_multiple_of(levels) {
            return Err(ErrorKind::Length { len: out.len(), dim: levels }.into());
        }
        if first.checked_add(out.len() / levels).is_none_or(|end| end > self.len()) {
            return Err(out_of_range(first, self.len()));
        }
        let size = self.header.descr.size;
        let mut buffer = vec![0; out.len().min(CHUNK) * size];
        for (i, out) in out.chunks_mut(CHUNK).enumerate() {
            let number = first * levels + i * CHUNK;
            let (buffer, _) = buffer.split_at_mut(out.len() * size);
            self.source.read(self.header.start + (number * size) as u64, buffer)?;
            for (j, (out, bytes)) in out.iter_mut().zip(buffer.chunks_exact(size)).enumerate() {
                let value = self.integer(bytes);
                *out = u32::try_from(value).map_err(|_| self.no_code(number + j, value))?;
            }
        }
        Ok(())
    }

    fn integer(&self, bytes: &[u8]) -> i128 {
        let descr = self.header.descr;
        let join = |value: u64, byte: &u8| (value << 8) | u64::from(*byte);
        let value = if descr.big_endian { bytes.iter().fold(0, join) } else { bytes.iter().rev().fold(0, join) };
        if descr.kind == b'u' {
            return value.into();
        }
        // The sign is the top bit of the value's bytes, so these are moved to the top of 64 bits and back.
        let shift = 64 - 8 * descr.size;
        (((value << shift) as i64) >> shift).into()
    }

    fn no_code(&self, number: usize, value: i128) -> Error {
        let (row, level) = (number / self.levels(), number % self.levels());
        self.source.error(format!("row {row}, level {} is {value}; codes are 0 to {}", level + 1, u32::MAX))
    }
}

/// Reads all codes of an npy file; returns them row after row, and the number of levels.
///
/// # Errors
/// Those of [`CodesFile::open`] and [`CodesFile::read`]; [`ErrorKind::OutOfMemory`].
pub fn read_codes(path: impl AsRef<Path>) -> Result<(Vec<u32>, usize)> {
    let path = path.as_ref();
    let file = CodesFile::open(path)?;
    // No overflow: the header was checked against the length of the file.
    let mut codes = try_zeros(file.len() * file.levels(), "codes")?;
    file.read(0, &mut codes)?;
    Ok((codes, file.levels()))
}
