//! Rows mixed with the means of their partners, when they are read.

use super::Partners;
use super::exact_sum::ExactSum;
use crate::device::usable_memory;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::grid::read_finite;
use crate::io::file::Source;
use crate::io::spool::Spool;
use crate::rows::{Rows, out_of_range};
use rayon::prelude::*;
use std::fmt;
use std::path::Path;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

/// Rows of which each is mixed with the mean of its partners. Rows without a partner stay as they are.
///
/// The partners of a row may be anywhere, so all rows are read once and kept: N D values of four bytes, in memory,
/// or in a temporary file if they would take more than half of the memory.
///
/// # Shapes
/// (N, D), as the source.
///
/// # Exactness
/// With x a value of the row, p those of its n partners in the same dimension (a partner counts as often as its pair),
/// and w the weight, the mixed value is
///
/// ```text
/// f32((1 - w) f64(x) + w (f64(sum p) / n))
/// ```
///
/// where the sum is exact and rounded once, and all other steps are single operations in binary64. So neither the
/// order of rows and pairs nor the pieces in which rows are read can change a bit. The values of partners are those
/// before they were mixed themselves.
///
/// ```
/// use semid::smoothing::{Partners, Smoothed};
/// use semid::{Matrix, Rows};
///
/// let rows = Matrix::new(&[1.0, 3.0, 10.0], 1)?;
/// let partners = Partners::of_rows(3, [(0, 1)])?;
/// let mut out = [0.0; 3];
/// Smoothed::new(&rows, partners, 0.5, None)?.read(0, &mut out)?;
/// assert_eq!(out, [2.0, 2.0, 10.0]);
/// # Ok::<(), semid::Error>(())
/// ```
pub struct Smoothed {
    partners: Partners,
    weight: f64,
    kept: KeptRows,
    dim: usize,
}

/// All rows, to be read in any order.
enum KeptRows {
    Memory(Vec<f32>),
    File(Source),
}

impl Smoothed {
    /// Reads all rows of `rows`. `memory` is the number of bytes that may be used, that of the machine by default.
    ///
    /// # Errors
    /// [`ErrorKind::RowCount`] for pairs of another number of rows; [`ErrorKind::Parameter`] for a weight outside 0 to
    /// 1; [`ErrorKind::NotFinite`]; errors of the source, and of the temporary file.
    pub fn new(rows: &dyn Rows, partners: Partners, weight: f64, memory: Option<u64>) -> Result<Self> {
        if partners.len() != rows.len() {
            return Err(ErrorKind::RowCount { what: "partners", found: partners.len(), rows: rows.len() }.into());
        }
        if !(0.0..=1.0).contains(&weight) {
            return Err(Error::parameter("pair weight", weight, "must be from 0 to 1"));
        }
        let dim = rows.dim();
        let values = rows.len().checked_mul(dim).ok_or(ErrorKind::Overflow { what: "the values of all rows" })?;
        let bytes = size_of::<f32>() as u64 * values as u64;
        let fits = memory.or_else(usable_memory).is_none_or(|memory| bytes <= memory / 2);
        let kept = if fits { KeptRows::Memory(in_memory(rows, values)?) } else { KeptRows::File(in_file(rows)?) };
        Ok(Self { partners, weight, kept, dim })
    }

    /// Returns the partners of the rows.
    pub fn partners(&self) -> &Partners {
        &self.partners
    }

    /// Whether the rows are kept in a temporary file.
    pub fn is_on_disk(&self) -> bool {
        matches!(self.kept, KeptRows::File(_))
    }

    /// Mixes one row, which lies in `out`.
    fn mix(&self, number: usize, out: &mut [f32]) -> Result<()> {
        let partners = self.partners.of(number);
        if partners.len() == 0 {
            return Ok(());
        }
        let mut sums = vec![ExactSum::default(); self.dim];
        let mut buffer = match self.kept {
            KeptRows::Memory(_) => Vec::new(),
            KeptRows::File(_) => vec![0.0; self.dim],
        };
        let mut count = 0_u64;
        for (partner, times) in partners {
            let row = self.kept.row(partner, self.dim, &mut buffer)?;
            sums.iter_mut().zip(row).for_each(|(sum, value)| sum.add(*value, times));
            count += u64::from(times);
        }
        let (weight, own, count) = (self.weight, 1.0 - self.weight, count as f64);
        for (x, sum) in out.iter_mut().zip(sums) {
            *x = (own * f64::from(*x) + weight * (sum.rounded() / count)) as f32;
        }
        Ok(())
    }
}

impl KeptRows {
    /// Returns a row, which may be read into `buffer`.
    fn row<'b>(&'b self, row: usize, dim: usize, buffer: &'b mut [f32]) -> Result<&'b [f32]> {
        match self {
            Self::Memory(values) => Ok(values.get(row * dim..(row + 1) * dim).unwrap_or_default()),
            Self::File(source) => {
                read(source, row, dim, buffer)?;
                Ok(buffer)
            }
        }
    }

    /// Copies rows from `first` on.
    fn copy(&self, first: usize, dim: usize, out: &mut [f32]) -> Result<()> {
        match self {
            Self::Memory(values) => {
                let place = first * dim..first * dim + out.len();
                out.copy_from_slice(values.get(place).ok_or_else(|| out_of_range(first, values.len() / dim.max(1)))?);
                Ok(())
            }
            Self::File(source) => read(source, first, dim, out),
        }
    }
}

fn in_memory(rows: &dyn Rows, values: usize) -> Result<Vec<f32>> {
    let mut all = try_zeros(values, "rows that are mixed with others")?;
    let dim = rows.dim().max(1);
    let step = (CHUNK_VALUES / dim).max(1);
    for (i, out) in all.chunks_mut(step * dim).enumerate() {
        read_finite(rows, i * step, out)?;
    }
    Ok(all)
}

fn in_file(rows: &dyn Rows) -> Result<Source> {
    let dim = rows.dim().max(1);
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(rows.len()) * dim, "a chunk of rows")?;
    let mut spool = Spool::new()?;
    for first in (0..rows.len()).step_by(step) {
        buffer.truncate((rows.len() - first).min(step) * dim);
        read_finite(rows, first, &mut buffer)?;
        spool.floats(&buffer)?;
    }
    spool.finish(Path::new("rows mixed with others"), "temporary")
}

/// Reads rows of a temporary file.
fn read(source: &Source, first: usize, dim: usize, out: &mut [f32]) -> Result<()> {
    let mut bytes = try_zeros::<u8>(out.len().saturating_mul(size_of::<f32>()), "rows of a temporary file")?;
    source.read((first as u64).saturating_mul((dim * size_of::<f32>()) as u64), &mut bytes)?;
    out.iter_mut().zip(bytes.as_chunks::<4>().0).for_each(|(out, bytes)| *out = f32::from_le_bytes(*bytes));
    Ok(())
}

impl Rows for Smoothed {
    fn len(&self) -> usize {
        self.partners.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn is_decoded(&self) -> bool {
        true
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let dim = self.dim.max(1);
        if first.checked_add(out.len() / dim).is_none_or(|end| end > self.len()) {
            return Err(out_of_range(first, self.len()));
        }
        self.kept.copy(first, self.dim, out)?;
        out.par_chunks_exact_mut(dim).enumerate().try_for_each(|(i, row)| self.mix(first + i, row))
    }
}

impl fmt::Debug for Smoothed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smoothed").field("weight", &self.weight).field("dim", &self.dim).finish_non_exhaustive()
    }
}
