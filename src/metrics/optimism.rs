//! Estimates how much worse fresh rows do than rows that codewords were fitted to.

use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::quantizer::{Costs, Quantizer};
use crate::rows::{Matrix, Rows};
use rayon::prelude::*;
use serde_json::Value;

/// Values of rows that are looked at together.
const BLOCK_VALUES: usize = 1 << 18;

/// How many times larger than the part of rows in their codewords what they owe to a fit counts. A fit that chooses
/// among many ways to cut the rows adds up to as much again and a little more: 1.1 to 1.6 times as much in all where
/// levels see whole rows of words and packages, and up to 2.6 times for slices of six dimensions.
const SEARCH: f64 = 2.0;
/// The same for levels that were refined together, each of which has been cut to suit all others: 2.8 times as much for
/// rows without any clusters.
const REFINED_SEARCH: f64 = 3.0;

/// What the rows of one level owe to a fit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Optimism {
    /// How much larger the mean squared distance after the level is expected to be for fresh rows, in the dimensions
    /// and the unit of the level.
    pub(super) per_row: f64,
    /// The same as a share of that distance.
    pub(super) share: f64,
}

/// Estimates the optimism of every level: 0 for rows that no codeword was fitted to, and for kinds that do not tell
/// what a level compares with its codewords.
///
/// Let a codeword be the mean of n rows, o of which are among the m rows here, whose variance is s. The squared
/// distance of the codeword from the mean of those m is `s (1 / m + 1 / n - 2 o / (m n))` on average. So
/// `T = 1 - m |mean - codeword|^2 / s` is `(2 o - m) / n`, whose average over the codewords tells which part of the fit
/// is here: `o / n = (T + m / n) / 2`. Where nothing tells n, the rows count as a part of those of the fit, so that
/// `o / n` is T itself. A row of the fit took `s / n` off its own squared distance on average, and a fresh one has as
/// much on top: `2 s o / n` for all m rows of a codeword.
///
/// A level whose codes labels give chooses among no ways to cut the rows.
///
/// Codewords that were refined together are means of what all levels leave, so the last level tells `o / n` for all.
///
/// # Shapes
/// `rows` (M, D) as [`Quantizer::quantized_rows`] returns them, `codes` (M, L); takes K x D values of memory at a time.
///
/// # Exactness
/// Sums of f64 in the order of the rows, so all devices give the same bits.
///
/// # References
/// B. Efron, How Biased is the Apparent Error Rate of a Prediction Rule?, 1986.
pub(super) fn optimism(model: &dyn Quantizer, rows: &dyn Rows, codes: &Codes) -> Result<Vec<Optimism>> {
    let levels = (0..model.levels()).map(|level| left_after(model, rows, codes, level));
    let levels: Vec<Option<Left>> = levels.collect::<Result<_>>()?;
    let fitted = fitted_rows(model, rows.len()).map(|fitted| rows.len() as f64 / fitted as f64);
    let refined = model.parameters().and_then(|of| of.get("refine")).and_then(Value::as_u64).is_some_and(|of| of > 0);
    let last = levels.last().copied().flatten();
    let labelled = model.label_tables().len();
    let of_level = |(level, left): (usize, Option<Left>)| {
        let (Some(left), Some(part)) = (left, if refined { last } else { left }) else { return Optimism::default() };
        let here = fitted.map_or(part.agreement(), |rows| (part.agreement() + rows) / 2.0).clamp(0.0, 1.0);
        let search = match (level < labelled, refined) {
            (true, _) => 1.0,
            (false, true) => REFINED_SEARCH,
            (false, false) => SEARCH,
        };
        let all = search * 2.0 * here * left.variances;
        let share = if left.squares > 0.0 { all / left.squares } else { 0.0 };
        Optimism { per_row: all / rows.len() as f64 * model.step() * model.step(), share }
    };
    Ok(levels.into_iter().enumerate().map(of_level).collect())
}

/// Returns how many rows the model was fitted to, where something tells it; `rows` are those here.
fn fitted_rows(model: &dyn Quantizer, rows: usize) -> Option<usize> {
    let sample = model.parameters().and_then(|of| of.get("sample")).and_then(Value::as_u64).map(|of| of as usize);
    let read = model.provenance().map(|of| of.inputs.iter().map(|input| input.rows).fold(0, usize::saturating_add));
    match (sample, read) {
        (Some(sample), Some(read)) => Some(sample.min(read)),
        (Some(sample), None) => Some(sample).filter(|sample| *sample < rows),
        (None, read) => read,
    }
    .filter(|fitted| *fitted > 0)
}

/// What a level leaves of the rows, in steps of the grid, summed up over its codewords.
#[derive(Clone, Copy, Default)]
struct Left {
    /// Sum of the squared lengths.
    squares: f64,
    /// Sum over the codewords of the variance of their rows.
    variances: f64,
    /// Sum over the codewords of the variance less the number of rows times the squared length of their mean.
    excess: f64,
}

impl Left {
    /// Returns T: 1 where codewords are the means of exactly these rows.
    fn agreement(self) -> f64 {
        if self.variances > 0.0 { self.excess / self.variances } else { 0.0 }
    }
}

/// Adds up what a level leaves of the rows; none where the kind does not tell.
fn left_after(model: &dyn Quantizer, rows: &dyn Rows, codes: &Codes, level: usize) -> Result<Option<Left>> {
    let Some(codebook) = model.codebook(level) else { return Ok(None) };
    let (dim, width) = (rows.dim(), codebook.dim());
    let mut counts: Vec<(f64, f64)> = vec![(0.0, 0.0); codebook.clusters()];
    let mut sums: Vec<f64> = try_zeros(codebook.clusters().saturating_mul(width), "sums of what is left of the rows")?;
    let step = (BLOCK_VALUES / dim.max(1)).max(1);
    let mut buffer = try_zeros(step.min(rows.len()) * dim, "a chunk of rows")?;
    for first in (0..rows.len()).step_by(step) {
        let count = step.min(rows.len() - first);
        let values = buffer.get_mut(..count * dim).unwrap_or_default();
        rows.read(first, values)?;
        let read = Matrix::new(values, dim)?;
        let costs = model.costs(&read, &read)?;
        let left = |row: usize| left_of_row(&*costs, row, codes.get(first + row).unwrap_or_default(), level, codebook);
        let left = (0..count).into_par_iter().map(left).collect::<Result<Vec<_>>>()?;
        for of_row in left {
            let Some((code, left)) = of_row else { return Ok(None) };
            let own = sums.chunks_exact_mut(width).nth(code);
            let (Some((rows, squares)), Some(sum)) = (counts.get_mut(code), own) else { continue };
            *rows += 1.0;
            *squares += left.iter().map(|left| left * left).sum::<f64>();
            sum.iter_mut().zip(left).for_each(|(sum, left)| *sum += left);
        }
    }
    let mut all = Left::default();
    for ((rows, squares), sum) in counts.into_iter().zip(sums.chunks_exact(width)) {
        all.squares += squares;
        if rows >= 2.0 {
            let of_mean = sum.iter().map(|sum| sum * sum).sum::<f64>() / rows;
            let variance = (squares - of_mean) / (rows - 1.0);
            all.variances += variance;
            all.excess += variance - of_mean;
        }
    }
    Ok(Some(all))
}

/// Returns the code of a row and what its codeword leaves.
fn left_of_row(
    costs: &dyn Costs,
    row: usize,
    codes: &[u32],
    level: usize,
    codebook: &Codebook,
) -> Result<Option<(usize, Vec<f64>)>> {
    let Some(residual) = costs.residual(row, codes.get(..level).unwrap_or_default())? else { return Ok(None) };
    let code = codes.get(level).copied().unwrap_or_default();
    let clusters = codebook.clusters();
    let codeword = codebook.codeword(code as usize).ok_or(ErrorKind::Code { row, level, code, clusters })?;
    let left = residual.iter().zip(codeword).map(|(q, c)| f64::from(*q) - f64::from(*c));
    Ok(Some((code as usize, left.collect())))
}
