//! The byte form of a sketch, for machines that report to each other.

use super::GridSketch;
use crate::MAX_DIM;
use crate::error::{Error, Result};

/// First bytes: the name and the version.
const MAGIC: &[u8; 20] = b"semid grid sketch 1\0";

impl GridSketch {
    /// Writes the sketch as bytes; equal sketches have equal bytes.
    ///
    /// The bytes are `semid grid sketch 1` and a zero byte; D and the number n of rows in the sample, u32; the smallest
    /// values of the dimensions and then the largest ones, 2 x D x f32 (infinity and minus infinity where there are no
    /// rows); and the sample, n x D x f32, by ascending hash. Integers and floats are little endian.
    pub fn to_bytes(&self) -> Vec<u8> {
        let rows = self.sample.rows();
        let mut bytes = MAGIC.to_vec();
        bytes.extend((self.dim() as u32).to_le_bytes());
        bytes.extend((rows.len() as u32).to_le_bytes());
        let values = self.range.min.iter().chain(&self.range.max).chain(rows.into_iter().flatten());
        values.for_each(|x| bytes.extend(x.to_le_bytes()));
        bytes
    }

    /// Reads a sketch that [`GridSketch::to_bytes`] wrote. It allocates no more than a multiple of the length of
    /// `bytes`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Format`] for bytes that no sketch has.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let refused = |reason: &str| Error::format("grid sketch", reason);
        let (magic, rest) = bytes.split_first_chunk().ok_or_else(|| refused("it is too short"))?;
        if magic != MAGIC {
            return Err(refused("it does not begin with `semid grid sketch 1`"));
        }
        let (dim, rest) = rest.split_first_chunk().ok_or_else(|| refused("it is too short"))?;
        let (count, rest) = rest.split_first_chunk().ok_or_else(|| refused("it is too short"))?;
        let (dim, count) = (u32::from_le_bytes(*dim) as usize, u32::from_le_bytes(*count) as usize);
        if dim == 0 || dim > MAX_DIM {
            return Err(refused("its number of dimensions is out of range"));
        }
        if (count as u128 + 2) * dim as u128 * 4 != rest.len() as u128 {
            return Err(refused("its length is not that of its numbers of rows and dimensions"));
        }
        let (values, _) = rest.as_chunks::<4>();
        let values: Vec<f32> = values.iter().map(|x| f32::from_le_bytes(*x)).collect();
        let (min, values) = values.split_at_checked(dim).unwrap_or_default();
        let (max, rows) = values.split_at_checked(dim).unwrap_or_default();
        let mut sketch = Self::new(dim);
        sketch.add(rows)?;
        let covers = |(a, b): (&[f32], &[f32])| a.iter().zip(b).all(|(a, b)| a <= b);
        let finite = min.iter().chain(max).all(|x| x.is_finite());
        // Only rows that a full sample has no room for can have widened the range.
        if finite
            && count == sketch.sample.most()
            && covers((min, &sketch.range.min))
            && covers((&sketch.range.max, max))
        {
            sketch.range.add(min);
            sketch.range.add(max);
        }
        // Rows in another order, copies of rows, negative zeros and a wrong range give other bytes.
        match sketch.to_bytes() == bytes {
            true => Ok(sketch),
            false => Err(refused("its rows are not those of a sample, or not within its range")),
        }
    }
}
