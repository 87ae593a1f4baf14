//! Models of codewords that another tool fitted.

use super::model::RqKMeansModel;
use crate::codebook::Codebook;
use crate::error::{Error, ErrorKind, Result};
use crate::grid::{EXPONENTS, Grid, UNIT_EXPONENT, pow2};
use crate::limits::{MAX_CLUSTERS, MAX_DIM, MAX_LEVELS};
use crate::quantization::{Metric, Quantization};

/// The largest components of all levels add up to less than 2 to this power, in grid steps. Rows that are one and a
/// half times as large still fit the grid.
const BITS: i32 = 22;

impl RqKMeansModel {
    /// Makes a model of codewords that another tool fitted: level by level, the nearest codeword to what the levels
    /// before left over, without an offset.
    ///
    /// # Shapes
    /// Every level holds (K, D) values, row by row; `dim` is D.
    ///
    /// # Exactness
    /// Each component is rounded to a multiple of 2^-e, by at most 2^-22 of the sum of the levels' largest components.
    /// Rows between two codewords may therefore get the other one than that tool gives them.
    ///
    /// # Errors
    /// [`ErrorKind::Dim`], [`ErrorKind::Length`] for a level of incomplete codewords, [`ErrorKind::Clusters`],
    /// [`ErrorKind::Parameter`] for no levels or too many, [`ErrorKind::NotFinite`] with the number of the codeword,
    /// and [`ErrorKind::Range`] for values too large for any grid.
    ///
    /// ```
    /// use semid::{Device, Matrix, RqKMeansModel};
    ///
    /// let model = RqKMeansModel::from_codewords(&[&[0.0, 10.0, 20.0], &[-1.0, 1.0]], 1)?;
    /// let codes = model.encode(&Matrix::new(&[11.25, 18.5], 1)?, &Device::cpu())?;
    /// assert_eq!(codes.values(), [1, 1, 2, 0]);
    /// assert_eq!(model.decode(&codes)?, [11.0, 19.0]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn from_codewords(levels: &[&[f32]], dim: usize) -> Result<Self> {
        if dim == 0 || dim > MAX_DIM {
            return Err(ErrorKind::Dim { dim }.into());
        }
        if levels.is_empty() || levels.len() > MAX_LEVELS {
            return Err(Error::parameter("levels", levels.len(), format!("must be 1 to {MAX_LEVELS}")));
        }
        for (level, values) in levels.iter().enumerate() {
            check(level, values, dim)?;
        }
        let largest = |values: &&[f32]| values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
        let sum: f64 = levels.iter().map(|values| f64::from(largest(values))).sum();
        let exponent = exponent(sum)?;
        let scale = pow2(exponent);
        let round = |value: &f32| (f64::from(*value) * scale).round_ties_even() as i32;
        let codebooks = levels.iter().map(|values| Codebook::new(values.iter().map(round).collect(), dim));
        let grid = Grid::new(vec![0.0; dim], exponent);
        Self::new(Quantization { grid, metric: Metric::L2, normalize_residuals: false }, codebooks.collect(), 0)
    }
}

fn check(level: usize, values: &[f32], dim: usize) -> Result<()> {
    if !values.len().is_multiple_of(dim) {
        return Err(ErrorKind::Length { len: values.len(), dim }.into());
    }
    let clusters = values.len() / dim;
    if clusters == 0 || clusters > MAX_CLUSTERS {
        return Err(ErrorKind::Clusters { level, clusters }.into());
    }
    match values.iter().position(|value| !value.is_finite()) {
        Some(at) => {
            let value = values.get(at).copied().unwrap_or(f32::NAN);
            Err(ErrorKind::NotFinite { row: at / dim, column: at % dim, value }.into())
        }
        None => Ok(()),
    }
}

/// Returns the exponent of the finest grid on which `sum` is less than 2^[`BITS`] steps.
fn exponent(sum: f64) -> Result<i32> {
    if sum == 0.0 {
        return Ok(UNIT_EXPONENT);
    }
    // Rounding up to a power of two: 2^(bits - 1) <= sum < 2^bits.
    let mut exponent = *EXPONENTS.end();
    while exponent > *EXPONENTS.start() && sum * pow2(exponent) >= pow2(BITS) {
        exponent -= 1;
    }
    match sum * pow2(exponent) < pow2(BITS) {
        true => Ok(exponent),
        false => Err(ErrorKind::Range { level: 0, reason: format!("codewords reach {sum:e}") }.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Device, Matrix};

    fn values(count: usize, seed: u32, size: f32) -> Vec<f32> {
        let mut state = seed;
        let draw = |_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (f64::from(state) / f64::from(u32::MAX) * 2.0 - 1.0) as f32 * size
        };
        (0..count).map(draw).collect()
    }

    /// Codes by f64 arithmetic on the codewords as they were given.
    fn nearest(levels: &[&[f32]], row: &[f32]) -> Vec<u32> {
        let mut residual: Vec<f64> = row.iter().copied().map(f64::from).collect();
        let code = |values: &&[f32]| {
            let distance = |codeword: &[f32]| -> f64 {
                codeword.iter().zip(&residual).map(|(c, r)| (f64::from(*c) - r).powi(2)).sum()
            };
            let codewords = values.chunks_exact(row.len());
            let (code, codeword) =
                codewords.enumerate().min_by(|(_, a), (_, b)| distance(a).total_cmp(&distance(b))).unwrap();
            residual.iter_mut().zip(codeword).for_each(|(r, c)| *r -= f64::from(*c));
            code as u32
        };
        levels.iter().map(code).collect()
    }

    #[test]
    fn rows_get_the_nearest_of_the_codewords_given_at_every_scale() {
        for size in [1e-30_f32, 1e-3, 1.0, 3e4, 1e30] {
            let (first, second) = (values(6 * 16, 1, size), values(6 * 8, 2, size / 8.0));
            let levels = [first.as_slice(), second.as_slice()];
            let model = RqKMeansModel::from_codewords(&levels, 6).unwrap();
            let rows = values(6 * 500, 3, size * 1.2);
            let codes = model.encode(&Matrix::new(&rows, 6).unwrap(), &Device::reference()).unwrap();
            for (row, codes) in rows.chunks_exact(6).zip(codes.rows()) {
                assert_eq!(codes, nearest(&levels, row), "{size}");
            }
            let decoded = model.decode(&codes).unwrap();
            for (row, codes) in decoded.chunks_exact(6).zip(codes.rows()) {
                let at = |level: &[f32], code: u32, d: usize| f64::from(level[code as usize * 6 + d]);
                for (d, value) in row.iter().enumerate() {
                    let sum = at(&first, codes[0], d) + at(&second, codes[1], d);
                    assert!((f64::from(*value) - sum).abs() <= f64::from(size) * 1e-6);
                }
            }
        }
    }

    #[test]
    fn the_model_is_one_like_any_other() {
        let model = RqKMeansModel::from_codewords(&[&[0.0, 1.0, 2.0, 3.0], &[0.0, 0.0]], 2).unwrap();
        assert_eq!((model.dim(), model.clusters()), (2, vec![2, 1]));
        let again = crate::Model::from_bytes(&crate::Model::from(model.clone()).to_bytes().unwrap()).unwrap();
        assert_eq!(again.fingerprint(), model.fingerprint());
        let zeros = RqKMeansModel::from_codewords(&[&[0.0; 4]], 2).unwrap();
        assert_eq!(zeros.grid().exponent(), UNIT_EXPONENT);
    }

    #[test]
    fn codewords_that_cannot_be_used_are_refused() {
        let kind = |levels: &[&[f32]], dim| RqKMeansModel::from_codewords(levels, dim).unwrap_err().into_kind();
        assert!(matches!(kind(&[&[1.0]], 0), ErrorKind::Dim { dim: 0 }));
        assert!(matches!(kind(&[], 1), ErrorKind::Parameter { name: "levels", .. }));
        assert!(matches!(kind(&[&[1.0, 2.0], &[1.0]], 2), ErrorKind::Length { len: 1, dim: 2 }));
        assert!(matches!(kind(&[&[1.0], &[]], 1), ErrorKind::Clusters { level: 1, clusters: 0 }));
        let nan = kind(&[&[1.0, 2.0, 3.0, f32::NAN]], 2);
        assert!(matches!(nan, ErrorKind::NotFinite { row: 1, column: 1, .. }));
    }
}
