//! How rows are encoded, and the report of it.

use crate::balance::Balance;
use crate::codes::Codes;
use crate::error::{Error, Result, try_vec};
use crate::grid::Outlier;

/// How rows are encoded: by their nearest codewords, unless more is asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// Whether the prices of a balanced fit are added to the squared distances.
    pub priced: bool,
    /// Most rows of a cluster, at every level, of all rows together.
    pub capacity: Option<usize>,
}

/// The report of an encode.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EncodeReport {
    /// Rows encoded.
    pub rows: u64,
    /// Row-levels that the device's filter left undecided and exact distances settled.
    pub settled_rows: u64,
    /// Values beyond the grid, taken as its largest.
    pub saturated_values: u64,
    /// Of the rows with such values the worst, 8 at most: the farthest value of each, farthest first.
    pub outliers: Vec<Outlier>,
    /// How well clusters are balanced where there is a capacity, one entry per level; empty without one.
    pub balance: Vec<Balance>,
}

/// Receives the number of a first row and the codes (n, L) of a chunk.
pub(crate) type Sink<'a> = dyn FnMut(usize, &[u32]) -> Result<()> + 'a;

/// All codes of `rows` rows that `encode` hands out.
pub(crate) fn collect(levels: usize, rows: usize, encode: impl FnOnce(&mut Sink<'_>) -> Result<()>) -> Result<Codes> {
    let len = rows.checked_mul(levels).ok_or_else(|| Error::parameter("rows", rows, "too many"))?;
    let mut values = try_vec(0, len, "codes")?;
    encode(&mut |first, codes| {
        let place = values.iter_mut().skip(first * levels);
        place.zip(codes).for_each(|(value, code)| *value = *code);
        Ok(())
    })?;
    Codes::new(values, levels)
}
