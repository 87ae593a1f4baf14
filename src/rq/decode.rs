//! Decoding: from codes back to embeddings.

use super::model::RqKMeansModel;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_vec};

impl RqKMeansModel {
    /// Embeddings of all codes: `f32(f64(sum of codewords) 2^-e + f64(offset))`, e being the codebook exponent.
    ///
    /// # Shapes
    /// `codes` (N, m) with m at most L gives values (N, D), row by row: codes of fewer levels decode to the coarser
    /// embedding of their prefix.
    ///
    /// # Errors
    /// [`ErrorKind::Code`] for a code its codebook does not have; a parameter error for more levels than the model's;
    /// [`ErrorKind::Undecodable`] where a value is beyond the largest f32, as embeddings near it can give.
    pub fn decode(&self, codes: &Codes) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels())
    }

    /// Embeddings of the first `levels` levels of all codes.
    ///
    /// # Shapes
    /// `codes` (N, m), `levels` at most m and L; values (N, D).
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`].
    pub fn decode_levels(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let mut values = try_vec(0.0, codes.len().saturating_mul(self.dim()), "decoded rows")?;
        for ((row, codes), out) in codes.rows().enumerate().zip(values.chunks_exact_mut(self.dim())) {
            self.decode_row(row, codes, levels, out)?;
        }
        Ok(values)
    }

    /// [`RqKMeansModel::decode_levels`] with the largest f32 in place of values beyond it.
    pub(super) fn decode_saturated(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        let mut values = try_vec(0.0, codes.len().saturating_mul(self.dim()), "decoded rows")?;
        for ((row, codes), out) in codes.rows().enumerate().zip(values.chunks_exact_mut(self.dim())) {
            self.restore_row(row, codes, levels, out)?;
            out.iter_mut().for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
        }
        Ok(values)
    }

    /// Decodes the first `levels` codes of one row; `row` is its number in messages.
    ///
    /// # Shapes
    /// `codes` (m) with m at least `levels`, `out` (D).
    ///
    /// # Errors
    /// As for [`RqKMeansModel::decode`].
    pub fn decode_row(&self, row: usize, codes: &[u32], levels: usize, out: &mut [f32]) -> Result<()> {
        self.restore_row(row, codes, levels, out)?;
        match out.iter().all(|value| value.is_finite()) {
            true => Ok(()),
            false => Err(ErrorKind::Undecodable { row }.into()),
        }
    }

    /// [`RqKMeansModel::decode_row`], where values beyond the largest f32 are infinities.
    fn restore_row(&self, row: usize, codes: &[u32], levels: usize, out: &mut [f32]) -> Result<()> {
        let most = self.levels.len().min(codes.len());
        if levels == 0 || levels > most {
            return Err(Error::parameter("levels", levels, format!("the model and the codes have 1 to {most}")));
        }
        let mut sum = vec![0_i32; self.dim()];
        for (level, (codebook, code)) in self.levels.iter().zip(codes).take(levels).enumerate() {
            let clusters = codebook.clusters();
            let codeword = codebook.codeword(*code as usize);
            let codeword = codeword.ok_or(ErrorKind::Code { row, level, code: *code, clusters })?;
            sum.iter_mut().zip(codeword).for_each(|(sum, value)| *sum += value);
        }
        self.grid().restore(self.codebook_exponent(), &sum, out);
        Ok(())
    }
}
