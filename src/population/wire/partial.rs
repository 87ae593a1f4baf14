//! The byte form of partial sums.

use super::bytes::{Reader, Writer};
use crate::MAX_DIM;
use crate::error::Result;
use crate::partial::Partial;

const LETTERS: &[u8; 4] = b"SIDp";

impl Partial {
    /// Returns the sums as bytes, to be sent or kept: `SIDp` and the version (u32, 1), D (u32), energy (u128), the
    /// number of rows that changed (u64), K counts (u64) and K x D sums (i64). Each list follows its length (u64); all
    /// numbers are little endian.
    ///
    /// ```
    /// use semid::shards::Partial;
    ///
    /// let mut partial = Partial::new(2, 3);
    /// partial.add(1, &[1, -2, 3]);
    /// assert_eq!(Partial::from_bytes(&partial.to_bytes())?, partial);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut to = Writer::new(LETTERS);
        write(self, &mut to);
        to.finish()
    }

    /// Reads the bytes of [`Partial::to_bytes`].
    ///
    /// # Errors
    /// [`crate::ErrorKind::Message`] for bytes of another kind or version, of a wrong length, or with sums that no rows
    /// can have.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut from = Reader::new("message of partial sums", LETTERS, bytes)?;
        let partial = read(&mut from)?;
        from.finish()?;
        Ok(partial)
    }
}

pub(super) fn write(partial: &Partial, to: &mut Writer) {
    to.u32(partial.dim() as u32);
    to.u128(partial.energy());
    to.u64(partial.changed());
    to.list(partial.counts(), u64::to_le_bytes);
    to.list(partial.sums(), i64::to_le_bytes);
}

pub(super) fn read(from: &mut Reader<'_>) -> Result<Partial> {
    let dim = from.u32()? as usize;
    let (energy, changed) = (from.u128()?, from.u64()?);
    let counts = from.list(u64::from_le_bytes)?;
    let sums = from.list(i64::from_le_bytes)?;
    if !(1..=MAX_DIM).contains(&dim) || counts.len().checked_mul(dim) != Some(sums.len()) {
        return Err(from.unusable(format!(
            "{} clusters of {dim} dimensions do not have {} sums",
            counts.len(),
            sums.len()
        )));
    }
    let rows =
        counts.iter().try_fold(0_u64, |rows, count| rows.checked_add(*count)).filter(|rows| *rows <= Partial::MAX_ROWS);
    // Each component of a row is within 2^24.
    let holds = |sums: &[i64], count: u64| sums.iter().all(|sum| sum.unsigned_abs() <= count << 24);
    match rows {
        Some(rows)
            if changed <= rows
                && energy <= (u128::from(rows) * dim as u128) << 48
                && sums.chunks_exact(dim).zip(&counts).all(|(sums, count)| holds(sums, *count)) =>
        {
            Ok(Partial::from_parts(counts, sums, dim).with(energy, changed))
        }
        _ => Err(from.unusable("no rows have these sums")),
    }
}
