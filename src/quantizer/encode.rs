//! The options of an encode, and its report.

use crate::balance::Balance;
use crate::codes::Codes;
use crate::error::{Error, Result, try_zeros};
use crate::grid::{Outlier, Saturation};
use crate::labels::Labels;

/// The options of an encode; by default, every row gets the codes of its nearest codewords, or those that the beam of
/// the model finds ([`RqKMeansModel::beam`](crate::RqKMeansModel::beam)).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeOptions {
    /// Whether the prices of a balanced fit are added to the squared distances.
    pub priced: bool,
    /// The most rows that a cluster may have, at every level and over all rows of the encode.
    pub capacity: Option<usize>,
    /// How many codes a beam keeps per row and level; 1 keeps the nearest codeword of every level, and none is the
    /// beam of the model.
    pub beam: Option<usize>,
    /// The labels of the rows, for models whose first levels have the codes that labels give; without them, all labels
    /// are unknown.
    pub labels: Option<Labels>,
}

/// The report of an encode.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct EncodeReport {
    /// Rows encoded.
    pub rows: u64,
    /// Number of assignments, each of one row at one level and, by a beam, on one path, that the device's filter left
    /// undecided and exact distances settled.
    pub settled_assignments: u64,
    /// Number of values beyond the grid, for which its largest value was taken; for a network, of latents.
    pub saturated_values: u64,
    /// The farthest value of each of the worst rows with such values, 8 rows at most, farthest first. For a network,
    /// column and value are those of a latent.
    pub outliers: Vec<Outlier>,
    /// How well clusters are balanced where there is a capacity, one entry per level; empty without one.
    pub balance: Vec<Balance>,
}

impl EncodeReport {
    /// Tells which values lie beyond the grid.
    pub(crate) fn with_saturation(self, saturation: &Saturation) -> Self {
        Self { saturated_values: saturation.values, outliers: saturation.outliers(), ..self }
    }
}

/// Receives the number of a first row and the codes (n, L) of a chunk.
pub(crate) type Sink<'a> = dyn FnMut(usize, &[u32]) -> Result<()> + 'a;

/// Collects the codes of `rows` rows, which `encode` gives to its sink.
pub(crate) fn collect(levels: usize, rows: usize, encode: impl FnOnce(&mut Sink<'_>) -> Result<()>) -> Result<Codes> {
    let len = rows
        .checked_mul(levels)
        .ok_or_else(|| Error::parameter("rows", rows, "must be fewer; encode them in parts"))?;
    let mut values = try_zeros(len, "codes")?;
    encode(&mut |first, codes| {
        let place = values.iter_mut().skip(first * levels);
        place.zip(codes).for_each(|(value, code)| *value = *code);
        Ok(())
    })?;
    Codes::new(values, levels)
}
