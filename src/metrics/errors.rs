//! Measures quantization errors: how far decoded rows are from the rows themselves.

use super::counter;
use super::decoded::decode_finite;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::grid::read_finite;
use crate::quantizer::Quantizer;
use crate::rows::Rows;
use crate::rq::Metric;
use crate::weights::Weights;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};

/// Number of values in a chunk of rows.
pub(super) const CHUNK_VALUES: usize = 1 << 20;
/// This is added to the denominator, so that the relative error is finite where both values are zero.
const SMALL: f64 = 1e-4;

/// Errors between rows x and the rows y that their codes decode to.
///
/// With the cosine metric, x is first scaled to unit length.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ErrorMetrics {
    /// Mean over the rows of `sum_d (x_d - y_d)^2`.
    pub squared_error_per_row: f64,
    /// Mean over rows and dimensions: `squared_error_per_row / D`.
    pub mse: f64,
    /// Mean over rows and dimensions of `|x - y| / (max(|x|, |y|) + 0.0001)`.
    pub relative_l1: f64,
    /// `squared_error_per_row` of the codes of the first 1, 2, ... L levels.
    pub squared_error_per_level: Vec<f64>,
}

/// Measures the errors of `codes` as a description of `rows`; `device` runs the decoder if the model has one.
///
/// # Shapes
/// `rows` (N, D), `codes` (N, L).
///
/// # Exactness
/// Sums over the values of a row, then over rows, are computed in f64 in a fixed order, so every machine and any number
/// of threads give the same bits.
///
/// # Errors
/// [`ErrorKind::Empty`], [`ErrorKind::RowCount`], [`ErrorKind::DimMismatch`], any error of decoding, and NaN or
/// infinities.
pub fn errors(model: &dyn Quantizer, rows: &dyn Rows, codes: &Codes, device: &Device) -> Result<ErrorMetrics> {
    means(model, rows, codes, (&|_| 1.0, rows.len() as f64), device)
}

/// Measures the same errors as means over rows that count as often as `weights` say; a row of weight 0 has no part.
///
/// # Exactness
/// As for [`errors`]: every row's error is multiplied by its weight, and sums are in a fixed order.
///
/// # Errors
/// As for [`errors`]; [`ErrorKind::RowCount`] where there is not one weight for each row, and
/// [`ErrorKind::NoWeight`] where all weights are 0.
///
/// ```
/// use semid::metrics::{errors, weighted_errors};
/// use semid::{Device, Matrix, RqKMeans, Weights};
///
/// let (values, device) = ([0.0, 1.0, 8.0, 9.0], Device::cpu());
/// let rows = Matrix::new(&values, 1)?;
/// let model = RqKMeans::new(1, 2).fit(&rows, &device)?;
/// let codes = model.encode(&rows, &device)?;
/// let alike = weighted_errors(&model, &rows, &codes, &Weights::new([2; 4])?, &device)?;
/// assert_eq!(alike, errors(&model, &rows, &codes, &device)?);
/// # Ok::<(), semid::Error>(())
/// ```
pub fn weighted_errors(
    model: &dyn Quantizer,
    rows: &dyn Rows,
    codes: &Codes,
    weights: &Weights,
    device: &Device,
) -> Result<ErrorMetrics> {
    weights.check_some(rows.len())?;
    // A weight is at most 2^37, so it is exact in f64.
    means(model, rows, codes, (&|row| weights.of(row) as f64, weights.total() as f64), device)
}

/// Measures errors as means over rows, of which row i counts `times(i)` times, and all together `total` times.
fn means(
    model: &dyn Quantizer,
    rows: &dyn Rows,
    codes: &Codes,
    (times, total): (&dyn Fn(usize) -> f64, f64),
    device: &Device,
) -> Result<ErrorMetrics> {
    let (len, dim) = (rows.len(), rows.dim());
    check(model, rows, codes)?;
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_zeros(step.min(len) * dim, "a chunk of rows")?;
    let mut squared = vec![0.0; codes.levels()];
    let mut relative = 0.0;
    for (first, part) in (0..len).step_by(step).zip(codes.values().chunks(step * codes.levels())) {
        let part = Codes::new(part.to_vec(), codes.levels())?;
        let rows_of_part = buffer.get_mut(..part.len() * dim).unwrap_or_default();
        read_finite(rows, first, rows_of_part)?;
        for (level, squared) in squared.iter_mut().enumerate() {
            let decoded = decode_finite(model, &part, level + 1, device)?;
            let pairs = rows_of_part.par_chunks_exact(dim).zip(decoded.par_chunks_exact(dim));
            let of_rows: Vec<[f64; 2]> = pairs.map(|(x, y)| of_row(x, y, model.metric())).collect();
            let counted = |part: usize| {
                let values = of_rows.iter().zip(first..).map(move |(errors, row)| (errors.get(part), row));
                values.map(|(error, row)| error.copied().unwrap_or(0.0) * times(row)).sum::<f64>()
            };
            *squared += counted(0);
            if level + 1 == codes.levels() {
                relative += counted(1);
            }
        }
    }
    squared.iter_mut().for_each(|squared| *squared /= total);
    let last = squared.last().copied().unwrap_or(0.0);
    Ok(ErrorMetrics {
        squared_error_per_row: last,
        mse: last / dim as f64,
        relative_l1: relative / (total * dim as f64),
        squared_error_per_level: squared,
    })
}

/// Refuses rows and codes that do not fit together or do not fit the model.
pub(super) fn check(model: &dyn Quantizer, rows: &dyn Rows, codes: &Codes) -> Result<()> {
    if rows.is_empty() {
        return Err(ErrorKind::Empty.into());
    }
    if !(1..=crate::MAX_DIM).contains(&rows.dim()) {
        return Err(ErrorKind::Dim { dim: rows.dim() }.into());
    }
    if rows.dim() != model.dim() {
        return Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into());
    }
    if codes.len() != rows.len() {
        return Err(ErrorKind::RowCount { what: "rows of codes", found: codes.len(), rows: rows.len() }.into());
    }
    let clusters = model.clusters();
    codes.rows().enumerate().try_for_each(|(row, codes)| counter::check(row, codes, &clusters))
}

/// Returns the squared and the relative error of a row.
fn of_row(x: &[f32], y: &[f32], metric: Metric) -> [f64; 2] {
    let scale = match metric {
        Metric::L2 => 1.0,
        Metric::Cosine => inverse_length(x),
    };
    let (mut squared, mut relative) = (0.0, 0.0);
    for (x, y) in x.iter().zip(y) {
        let (x, y) = (f64::from(*x) * scale, f64::from(*y));
        let difference = (x - y).abs();
        squared += difference * difference;
        relative += difference / (x.abs().max(y.abs()) + SMALL);
    }
    [squared, relative]
}

/// Returns 1 over the length of a row, or 1 for a row of zeros.
pub(super) fn inverse_length(x: &[f32]) -> f64 {
    let square: f64 = x.iter().map(|x| f64::from(*x) * f64::from(*x)).sum();
    if square > 0.0 { 1.0 / square.sqrt() } else { 1.0 }
}
