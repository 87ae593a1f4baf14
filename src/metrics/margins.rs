//! Measures how clearly the nearest codeword of a row beats the second one.

use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::kernel::assign::squared_distance;
use crate::quantizer::{Costs, Quantizer};
use crate::rng;
use crate::rows::{Matrix, Rows};
use rayon::prelude::*;
use serde::Serialize;

/// Rows that are measured at a time.
const BLOCK: usize = 1024;

/// The margins of one level.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct LevelMargins {
    /// Share of rows whose two nearest codewords are equally near, so that the lower code decided.
    pub ties: f64,
    /// The 5 % quantile of the margins: squared distance to the second nearest codeword less that to the nearest;
    /// infinite where there are none.
    pub low_margin: f64,
    /// The median of the margins.
    pub median_margin: f64,
    /// For every size of noise, the share of rows whose nearest codeword noise of that length can change, see
    /// [`margins`].
    pub fragile: Vec<f64>,
}

/// Measures the margins of the rows' codes at every level, and how many codes noise would change.
///
/// A row r with the nearest codeword c gets another codeword k by noise of length s, in the worst direction, if
/// `(|r - k|^2 - |r - c|^2) / (2 |k - c|) < s`: half the quotient is the distance of r from the plane between them. At
/// later levels the codes before stay as they are, so that noise of the row is noise of the residual. Codes of a beam
/// are not always those of the nearest codewords: margins are about the nearest codeword after the codes before. Levels
/// whose codes labels give have none, whatever the distances, and noise changes none of their codes.
///
/// # Shapes
/// `rows` (N, D), of which `sample` are measured, chosen by the seed; `codes` (N, L) are those that the model gives the
/// rows; `noise` has lengths in the unit of the rows.
///
/// # Exactness
/// Margins are integers, in squared steps of the grid, which are converted to the unit of the rows at the end.
///
/// # Errors
/// [`ErrorKind::RowCount`], [`ErrorKind::Empty`]; [`ErrorKind::Parameter`] for noise that is not a number from 0 on;
/// [`ErrorKind::Unsupported`] for a kind without distances to codewords; any error of reading rows.
///
/// ```
/// use semid::metrics::margins;
/// use semid::{Device, Matrix, RqKMeans};
///
/// let values = [0.0, 0.0, 8.0, 8.0, 3.0];
/// let (rows, device) = (Matrix::new(&values, 1)?, Device::cpu());
/// let model = RqKMeans::new(1, 2).fit(&rows, &device)?;
/// let codes = model.encode(&rows, &device)?;
/// // The codewords are 1 and 8: the plane between them is at 4.5, and the row at 3 is nearest to it.
/// let margins = margins(&model, &rows, &codes, None, &[1.0, 2.0], 42, &device)?;
/// assert_eq!(margins[0].fragile, [0.0, 0.2]);
/// # Ok::<(), semid::Error>(())
/// ```
pub fn margins(
    model: &dyn Quantizer,
    rows: &dyn Rows,
    codes: &Codes,
    sample: Option<usize>,
    noise: &[f64],
    seed: u64,
    device: &Device,
) -> Result<Vec<LevelMargins>> {
    if let Some(length) = noise.iter().find(|length| !(length.is_finite() && **length >= 0.0)) {
        return Err(Error::parameter("noise", length, "must be a finite number, 0 or more"));
    }
    if codes.len() != rows.len() {
        return Err(ErrorKind::RowCount { what: "codes", found: codes.len(), rows: rows.len() }.into());
    }
    if codes.is_empty() {
        return Err(ErrorKind::Empty.into());
    }
    let chosen = rng::sample(seed, rows.len(), sample.unwrap_or(rows.len()).max(1))?;
    let rows = model.quantized_rows(rows, device)?;
    let step = model.step();
    let steps: Vec<f64> = noise.iter().map(|length| length / step).collect();
    let mut of_rows: Vec<Vec<Margin>> = Vec::with_capacity(chosen.len());
    for block in chosen.chunks(BLOCK) {
        let values = values_of(&*rows, block)?;
        let read = Matrix::new(&values, rows.dim())?;
        let costs = model.costs(&read, &read)?;
        let of_row = |(i, row): (usize, &usize)| margins_of(model, &*costs, i, codes.get(*row).unwrap_or_default());
        let block: Result<Vec<Vec<Margin>>> = block.par_iter().enumerate().map(of_row).collect();
        of_rows.extend(block?);
    }
    Ok((0..codes.levels()).map(|level| level_margins(&of_rows, level, &steps, step)).collect())
}

/// Reads the `chosen` rows, in ascending order, so that rows that are decoded in blocks are decoded once.
fn values_of(rows: &dyn Rows, chosen: &[usize]) -> Result<Vec<f32>> {
    let dim = rows.dim();
    let mut values = try_zeros(chosen.len().saturating_mul(dim), "rows whose margins are measured")?;
    let mut rest = values.as_mut_slice();
    for run in chosen.chunk_by(|row, next| *next == row + 1) {
        let (out, after) = rest.split_at_mut(run.len() * dim);
        rows.read(run.first().copied().unwrap_or(0), out)?;
        rest = after;
    }
    Ok(values)
}

/// How clear the code of a row is at one level, in steps of the grid.
#[derive(Clone, Copy)]
struct Margin {
    /// Squared distance to the second nearest codeword less that to the nearest; none where there is only one.
    squared: Option<u64>,
    /// Distance from the nearest plane between the nearest codeword and another one.
    plane: f64,
}

fn margins_of(model: &dyn Quantizer, costs: &dyn Costs, row: usize, codes: &[u32]) -> Result<Vec<Margin>> {
    let of_level = |level: usize| {
        let mut margin = Margin { squared: None, plane: f64::INFINITY };
        if level < model.label_tables().len() {
            return Ok(margin);
        }
        let distances = costs.distances(row, codes.get(..level).unwrap_or_default())?;
        let (least, nearest) = distances.iter().copied().zip(0..).min().unwrap_or((0, 0));
        let book = model.codebook(level);
        let codeword = |k: usize| book.and_then(|book| book.codeword(k)).unwrap_or_default();
        for (k, distance) in distances.iter().enumerate().filter(|(k, _)| *k != nearest) {
            let squared = distance.saturating_sub(least);
            margin.squared = Some(margin.squared.map_or(squared, |least| least.min(squared)));
            let apart = squared_distance(codeword(k), codeword(nearest));
            if apart > 0 {
                margin.plane = margin.plane.min(squared as f64 / (2.0 * (apart as f64).sqrt()));
            }
        }
        Ok(margin)
    };
    (0..codes.len()).map(of_level).collect()
}

fn level_margins(of_rows: &[Vec<Margin>], level: usize, noise: &[f64], step: f64) -> LevelMargins {
    let margins: Vec<Margin> = of_rows.iter().filter_map(|margins| margins.get(level).copied()).collect();
    let mut squared: Vec<u64> = margins.iter().filter_map(|margin| margin.squared).collect();
    squared.sort_unstable();
    let quantile = |share: f64| {
        let place = (share * squared.len() as f64) as usize;
        squared.get(place.min(squared.len().saturating_sub(1))).map_or(f64::INFINITY, |of| *of as f64 * step * step)
    };
    let share = |count: usize| count as f64 / margins.len().max(1) as f64;
    LevelMargins {
        ties: share(squared.partition_point(|squared| *squared == 0)),
        low_margin: quantile(0.05),
        median_margin: quantile(0.5),
        fragile: noise.iter().map(|noise| share(margins.iter().filter(|of| of.plane < *noise).count())).collect(),
    }
}
