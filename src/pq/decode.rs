//! Decoding: from codes back to embeddings.

use super::model::PqKMeansModel;
use crate::codes::Codes;
use crate::decoder::Decoder;
use crate::error::Result;

impl PqKMeansModel {
    /// Decodes all codes: the codewords of the residual levels are added up, and every slice adds its codeword to its
    /// own dimensions.
    ///
    /// # Shapes
    /// `codes` (N, m) with m at most L gives values (N, D), row by row. Slices without a code add nothing.
    ///
    /// # Exactness
    /// `f32(f64(sum of codewords) 2^-e + f64(offset))`, e being the codebook exponent.
    ///
    /// # Errors
    /// [`ErrorKind::Code`](crate::ErrorKind::Code) for a code that its level does not have; a parameter error for more
    /// levels than the model's; [`ErrorKind::Undecodable`](crate::ErrorKind::Undecodable) where a value is beyond the
    /// largest f32.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels())
    }

    /// Decodes the first `levels` levels of all codes.
    ///
    /// # Errors
    /// As for [`PqKMeansModel::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        self.decoder().decode(codes, levels)
    }

    pub(super) fn decoder(&self) -> Decoder<'_> {
        let residual = self.residual.iter().map(|codebook| (codebook, 0..self.dim()));
        let levels = residual.chain(self.slices.iter().zip(self.ranges.iter().cloned())).collect();
        Decoder { grid: self.grid(), exponent: self.codebook_exponent(), levels }
    }
}
