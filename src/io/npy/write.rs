use super::header;
use crate::error::{Error, Result};
use crate::io::atomic::AtomicFile;
use crate::io::dense::data_len;
use std::io::Write;
use std::marker::PhantomData;
use std::path::Path;

/// The types of values that [`NpyWriter`] writes: f32 and u32.
pub trait Element: Copy + sealed::Bytes {}

impl Element for f32 {}
impl Element for u32 {}

mod sealed {
    pub trait Bytes {
        const DESCR: &'static str;
        fn bytes(self) -> [u8; 4];
    }

    impl Bytes for f32 {
        const DESCR: &'static str = "<f4";
        fn bytes(self) -> [u8; 4] {
            self.to_le_bytes()
        }
    }

    impl Bytes for u32 {
        const DESCR: &'static str = "<u4";
        fn bytes(self) -> [u8; 4] {
            self.to_le_bytes()
        }
    }
}

/// Writes an npy file piece by piece; the file appears under its name when all of it is on disk.
///
/// ```
/// use semid::io::{NpyWriter, read_codes};
///
/// let dir = tempfile::tempdir()?;
/// let path = dir.path().join("codes.npy");
/// let mut out = NpyWriter::<u32>::create(&path, 2, 3)?;
/// out.write(&[12, 5, 33])?;
/// out.write(&[12, 7, 1])?;
/// out.finish()?;
/// assert_eq!(read_codes(&path)?, (vec![12, 5, 33, 12, 7, 1], 3));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct NpyWriter<T> {
    out: AtomicFile,
    /// Number of values that are still to come.
    left: usize,
    values: PhantomData<T>,
}

impl<T: Element> NpyWriter<T> {
    /// Begins a file of `rows` x `columns` values.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for a shape that
    /// no file can have.
    pub fn create(path: impl AsRef<Path>, rows: usize, columns: usize) -> Result<Self> {
        let path = path.as_ref();
        if data_len(rows, columns, size_of::<T>()).is_none() {
            return Err(Error::parameter(
                "rows",
                rows,
                format!("must be fewer for {columns} columns: the file would be too large"),
            ));
        }
        let mut out = AtomicFile::create(path)?;
        out.put(&header::write(T::DESCR, rows, columns))?;
        Ok(Self { out, left: rows * columns, values: PhantomData })
    }

    /// Appends values, row after row; a piece may end within a row.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) for more values
    /// than the shape has.
    pub fn write(&mut self, values: &[T]) -> Result<()> {
        let Some(left) = self.left.checked_sub(values.len()) else {
            return Err(Error::parameter(
                "values",
                values.len(),
                format!("must be at most {}, which are left of the shape", self.left),
            ));
        };
        self.left = left;
        values.iter().try_for_each(|value| self.out.write_all(&value.bytes())).map_err(|error| self.out.error(error))
    }

    /// Completes the file.
    ///
    /// # Errors
    /// [`ErrorKind::Io`](crate::ErrorKind::Io); [`ErrorKind::Parameter`](crate::ErrorKind::Parameter) where values are
    /// missing. Nothing is saved then.
    pub fn finish(self) -> Result<()> {
        match self.left {
            0 => self.out.commit(),
            left => {
                Err(Error::parameter("missing values", left, "must be 0: write all values of the shape before the end"))
            }
        }
    }
}
