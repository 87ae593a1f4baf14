//! Decoding: from codes back to embeddings.

use super::model::RqKMeansModel;
use crate::codes::Codes;
use crate::decoder::Decoder;
use crate::error::Result;

impl RqKMeansModel {
    /// Decodes all codes to embeddings: `f32(f64(sum of codewords) 2^-e + f64(offset))`, e being the codebook exponent.
    ///
    /// # Shapes
    /// `codes` (N, m) with m at most L gives values (N, D), row by row: codes of fewer levels decode to the coarser
    /// embedding of their prefix.
    ///
    /// # Errors
    /// [`ErrorKind::Code`](crate::ErrorKind::Code) for a code that its codebook does not have; a parameter error for
    /// more levels than the model's; [`ErrorKind::Undecodable`](crate::ErrorKind::Undecodable) where a value is beyond
    /// the largest f32, as embeddings near it can give.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels())
    }

    /// Decodes the first `levels` levels of all codes.
    ///
    /// # Shapes
    /// `codes` (N, m), `levels` at most m and L; values (N, D).
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        self.decoder().decode(codes, levels)
    }

    /// Decodes the first `levels` codes of one row; `row` is its number in messages.
    ///
    /// # Shapes
    /// `codes` (m) with m at least `levels`, `out` (D).
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`].
    pub fn decode_row(&self, row: usize, codes: &[u32], levels: usize, out: &mut [f32]) -> Result<()> {
        self.decoder().decode_row(row, codes, levels, out)
    }

    pub(super) fn decoder(&self) -> Decoder<'_> {
        let levels = self.levels.iter().map(|codebook| (codebook, 0..self.dim())).collect();
        Decoder { grid: self.grid(), exponent: self.codebook_exponent(), levels }
    }
}
