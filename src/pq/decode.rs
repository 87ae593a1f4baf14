//! Decoding: from codes back to embeddings.

use super::model::PqKMeansModel;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_vec};

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
    /// [`ErrorKind::Code`] for a code that its level does not have; a parameter error for more levels than the model's;
    /// [`ErrorKind::Undecodable`] where a value is beyond the largest f32.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels())
    }

    /// Decodes the first `levels` levels of all codes.
    ///
    /// # Errors
    /// As for [`PqKMeansModel::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let values = self.restore(codes, levels)?;
        match values.iter().position(|value| !value.is_finite()) {
            Some(place) => Err(ErrorKind::Undecodable { row: place / self.dim() }.into()),
            None => Ok(values),
        }
    }

    /// Decodes as [`PqKMeansModel::decode_levels`] does, with the largest f32 in place of values beyond it.
    pub(super) fn decode_saturated(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let mut values = self.restore(codes, levels)?;
        values.iter_mut().for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
        Ok(values)
    }

    /// Decodes codes, where values beyond the largest f32 are infinities.
    fn restore(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let most = self.levels().min(codes.levels());
        if levels == 0 || levels > most {
            return Err(Error::parameter("levels", levels, format!("the model and the codes have 1 to {most}")));
        }
        let (dim, exponent) = (self.dim(), self.codebook_exponent());
        let mut values = try_vec(0.0, codes.len().saturating_mul(dim), "decoded rows")?;
        let mut sum = vec![0; dim];
        for ((row, codes), out) in codes.rows().enumerate().zip(values.chunks_exact_mut(dim)) {
            self.add_up(row, codes.get(..levels).unwrap_or_default(), &mut sum)?;
            self.quantization.grid.restore(exponent, &sum, out);
        }
        Ok(values)
    }

    /// Writes the sum of the codewords of a row's first codes, in steps of the grid; `row` is its number in messages.
    ///
    /// # Exactness
    /// The largest components of the residual levels and of the slices add up to at most 2^23.
    pub(super) fn add_up(&self, row: usize, codes: &[u32], sum: &mut [i32]) -> Result<()> {
        sum.fill(0);
        for (level, code) in codes.iter().enumerate() {
            let (codebook, place) = self.level(level)?;
            let clusters = codebook.clusters();
            let codeword = codebook.codeword(*code as usize);
            let codeword = codeword.ok_or(ErrorKind::Code { row, level, code: *code, clusters })?;
            let sum = sum.get_mut(place).unwrap_or_default();
            sum.iter_mut().zip(codeword).for_each(|(sum, value)| *sum += value);
        }
        Ok(())
    }
}
