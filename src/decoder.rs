//! Decoding: from codes back to embeddings, for every kind whose embeddings are sums of codewords.

use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::grid::Grid;
use std::ops::Range;

/// Adds up the codewords of codes, and takes the sums off the grid: `f32(f64(sum of codewords) 2^-e + f64(offset))`, e
/// being the codebook exponent.
///
/// # Exactness
/// The largest components of the codewords of all levels add up to at most 2^23, so every sum is exact.
pub(crate) struct Decoder<'m> {
    pub(crate) grid: &'m Grid,
    pub(crate) exponent: i32,
    /// The codebook of every level, and the dimensions that its codewords are added to.
    pub(crate) levels: Vec<(&'m Codebook, Range<usize>)>,
}

impl Decoder<'_> {
    /// Decodes the first `levels` codes of every row.
    ///
    /// # Shapes
    /// `codes` (N, m), `levels` at most m and L; values (N, D).
    ///
    /// # Errors
    /// The first one in the order of the rows: [`ErrorKind::Code`] for a code that its level does not have, a parameter
    /// error for no level and for more than there are, [`ErrorKind::Undecodable`] where a value exceeds f32.
    pub(crate) fn decode(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        self.each_row(codes, levels, check_row)
    }

    /// Decodes as [`Decoder::decode`] does, with the largest f32 in place of values beyond it.
    pub(crate) fn decode_saturated(&self, codes: &Codes, levels: usize) -> Result<Vec<f32>> {
        self.each_row(codes, levels, |_, out| {
            out.iter_mut().for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
            Ok(())
        })
    }

    /// Decodes the first `levels` codes of one row; `row` is its number in messages.
    ///
    /// # Shapes
    /// `codes` (m) with m at least `levels`, `out` (D).
    ///
    /// # Errors
    /// As for [`Decoder::decode`].
    pub(crate) fn decode_row(&self, row: usize, codes: &[u32], levels: usize, out: &mut [f32]) -> Result<()> {
        let mut sum = vec![0; self.grid.dim()];
        self.restore(row, codes, levels, &mut sum, out)?;
        check_row(row, out)
    }

    /// Writes the sum of the codewords of a row's codes, in steps of the grid; `row` is its number in messages.
    ///
    /// # Shapes
    /// `codes` (m) with m at most L, `sum` (D). Levels without a code add nothing.
    pub(crate) fn add_up(&self, row: usize, codes: &[u32], sum: &mut [i32]) -> Result<()> {
        sum.fill(0);
        for (level, ((codebook, place), code)) in self.levels.iter().zip(codes).enumerate() {
            let clusters = codebook.clusters();
            let codeword = codebook.codeword(*code as usize);
            let codeword = codeword.ok_or(ErrorKind::Code { row, level, code: *code, clusters })?;
            let part = sum.get_mut(place.clone()).unwrap_or_default();
            part.iter_mut().zip(codeword).for_each(|(sum, value)| *sum += value);
        }
        Ok(())
    }

    /// Returns the sum of the codewords of a row's codes.
    pub(crate) fn point(&self, codes: &[u32]) -> Result<Vec<i64>> {
        let mut sum = vec![0; self.grid.dim()];
        self.add_up(0, codes, &mut sum)?;
        Ok(sum.into_iter().map(i64::from).collect())
    }

    /// Decodes all rows; `finish` gets the number and the values of each, of which some may be infinite.
    fn each_row(
        &self,
        codes: &Codes,
        levels: usize,
        finish: impl Fn(usize, &mut [f32]) -> Result<()>,
    ) -> Result<Vec<f32>> {
        let dim = self.grid.dim();
        let mut values = try_zeros(codes.len().saturating_mul(dim), "decoded rows")?;
        let mut sum = vec![0; dim];
        for ((row, codes), out) in codes.rows().enumerate().zip(values.chunks_exact_mut(dim)) {
            self.restore(row, codes, levels, &mut sum, out)?;
            finish(row, out)?;
        }
        Ok(values)
    }

    /// Decodes one row, where values beyond the largest f32 are infinities; `sum` (D) is overwritten.
    fn restore(&self, row: usize, codes: &[u32], levels: usize, sum: &mut [i32], out: &mut [f32]) -> Result<()> {
        let most = self.levels.len().min(codes.len());
        match codes.get(..levels).filter(|_| (1..=most).contains(&levels)) {
            Some(codes) => self.add_up(row, codes, sum)?,
            None => {
                return Err(Error::parameter(
                    "levels",
                    levels,
                    format!("must be 1 to {most}, the levels of the model and of the codes"),
                ));
            }
        }
        self.grid.restore(self.exponent, sum, out);
        Ok(())
    }
}

fn check_row(row: usize, out: &mut [f32]) -> Result<()> {
    match out.iter().all(|value| value.is_finite()) {
        true => Ok(()),
        false => Err(ErrorKind::Undecodable { row }.into()),
    }
}
