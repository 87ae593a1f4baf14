//! Matrices of numbers with nothing between them, as npy and safetensors files store them.

use super::file::Source;
use crate::MAX_DIM;
use crate::error::{Error, ErrorKind, Result};
use crate::rows::{Rows, out_of_range};
use half::slice::{HalfBitsSliceExt, HalfFloatSliceExt};
use half::{bf16, f16};

/// Number of values that are converted at a time where the file does not hold f32.
const CHUNK: usize = 1 << 15;

/// How a value is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Float {
    F16,
    Bf16,
    F32,
    F64,
    /// Whole numbers, each of which is an exact f32.
    I8,
    U8,
    I16,
    U16,
}

impl Float {
    /// Bytes of one value.
    pub(crate) fn size(self) -> usize {
        match self {
            Float::I8 | Float::U8 => 1,
            Float::F16 | Float::Bf16 | Float::I16 | Float::U16 => 2,
            Float::F32 => 4,
            Float::F64 => 8,
        }
    }
}

/// A matrix of `rows` x `dim` numbers in `source`, from byte `start` on.
#[derive(Debug)]
pub(crate) struct Dense {
    pub(crate) source: Source,
    pub(crate) start: u64,
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    pub(crate) float: Float,
    pub(crate) big_endian: bool,
    /// Whether the values lie column by column instead of row by row.
    pub(crate) by_columns: bool,
}

impl Dense {
    /// Checks that the number of dimensions is supported and that the `bytes` bytes from `start` on are exactly the
    /// values.
    pub(crate) fn check(self, bytes: u64) -> Result<Self> {
        if self.dim == 0 || self.dim > MAX_DIM {
            return Err(Error::from(ErrorKind::Dim { dim: self.dim }).at(self.source.path()));
        }
        let expected = data_len(self.rows, self.dim, self.float.size());
        if expected != Some(bytes) || self.start.checked_add(bytes).is_none_or(|end| end > self.source.len()) {
            let shape = format!("{} x {} values of {} bytes", self.rows, self.dim, self.float.size());
            return Err(self.source.error(format!("{bytes} bytes of data do not hold {shape}: it is damaged")));
        }
        Ok(self)
    }

    /// Reads the values from number `first` on, in the byte order of the machine.
    fn values<T: bytemuck::Pod>(&self, first: usize, out: &mut [T], swap: fn(&T) -> T) -> Result<()> {
        // Within the file, as `check` has shown for all values.
        let offset = self.start + first as u64 * size_of::<T>() as u64;
        self.source.read(offset, bytemuck::cast_slice_mut(out))?;
        if self.big_endian != cfg!(target_endian = "big") {
            out.iter_mut().for_each(|value| *value = swap(value));
        }
        Ok(())
    }

    /// Reads values of type `T` into a buffer, and lets `convert` turn them into f32.
    fn convert<T: bytemuck::Pod>(
        &self,
        first: usize,
        out: &mut [f32],
        swap: fn(&T) -> T,
        convert: fn(&[T], &mut [f32]),
    ) -> Result<()> {
        let mut buffer = vec![T::zeroed(); out.len().min(CHUNK)];
        for (i, out) in out.chunks_mut(CHUNK).enumerate() {
            let (buffer, _) = buffer.split_at_mut(out.len());
            self.values(first + i * CHUNK, buffer, swap)?;
            convert(buffer, out);
        }
        Ok(())
    }
}

impl Rows for Dense {
    fn len(&self) -> usize {
        self.rows
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        check_span(self, first, out.len())?;
        match self.by_columns {
            false => self.floats(first * self.dim, out),
            true => self.columns(first, out),
        }
    }
}

impl Dense {
    /// Reads the values from number `first` on as f32.
    fn floats(&self, first: usize, out: &mut [f32]) -> Result<()> {
        match self.float {
            Float::F16 => self.convert::<u16>(
                first,
                out,
                |x| x.swap_bytes(),
                |from, to| {
                    from.reinterpret_cast::<f16>().convert_to_f32_slice(to);
                },
            ),
            Float::Bf16 => self.convert::<u16>(
                first,
                out,
                |x| x.swap_bytes(),
                |from, to| {
                    from.reinterpret_cast::<bf16>().convert_to_f32_slice(to);
                },
            ),
            Float::F32 => self.values::<u32>(first, bytemuck::cast_slice_mut(out), |x| x.swap_bytes()),
            Float::F64 => self.convert::<u64>(
                first,
                out,
                |x| x.swap_bytes(),
                |from, to| {
                    each(from, to, |bits| f64::from_bits(bits) as f32);
                },
            ),
            Float::I8 => self.convert::<i8>(first, out, |x| *x, |from, to| each(from, to, f32::from)),
            Float::U8 => self.convert::<u8>(first, out, |x| *x, |from, to| each(from, to, f32::from)),
            Float::I16 => self.convert::<i16>(first, out, |x| x.swap_bytes(), |from, to| each(from, to, f32::from)),
            Float::U16 => self.convert::<u16>(first, out, |x| x.swap_bytes(), |from, to| each(from, to, f32::from)),
        }
    }

    /// Reads rows of values that are stored column by column, a piece of each column at a time.
    fn columns(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let mut column = vec![0.0; (out.len() / self.dim).min(CHUNK)];
        for (piece, out) in out.chunks_mut(CHUNK * self.dim).enumerate() {
            let row = first + piece * CHUNK;
            for i in 0..self.dim {
                let (values, _) = column.split_at_mut(out.len() / self.dim);
                self.floats(i * self.rows + row, values)?;
                out.iter_mut().skip(i).step_by(self.dim).zip(&*values).for_each(|(out, value)| *out = *value);
            }
        }
        Ok(())
    }
}

fn each<T: Copy>(from: &[T], to: &mut [f32], convert: impl Fn(T) -> f32) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to = convert(*from));
}

/// Returns the number of bytes of `rows` x `columns` values, if this machine can address them.
pub(crate) fn data_len(rows: usize, columns: usize, size: usize) -> Option<u64> {
    let bytes = rows.checked_mul(columns)?.checked_mul(size)?;
    isize::try_from(bytes).ok().map(|bytes| bytes as u64)
}

/// Refuses a read of `values` values from row `first` on that is not whole rows within `rows`.
pub(crate) fn check_span(rows: &dyn Rows, first: usize, values: usize) -> Result<()> {
    let dim = rows.dim();
    if !values.is_multiple_of(dim) {
        return Err(ErrorKind::Length { len: values, dim }.into());
    }
    match first.checked_add(values / dim) {
        Some(end) if end <= rows.len() => Ok(()),
        _ => Err(out_of_range(first, rows.len())),
    }
}
