//! Standardisation: how embeddings become inputs of the encoder, and outputs of the decoder embeddings.

use super::limits::{FarValues, Limits, sketch};
use crate::error::{Result, try_vec};
use crate::grid::{Grid, SATURATION, Saturation, pow2, quantize_value, read_finite};
use crate::kernel::float::finish;
use crate::rows::Rows;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

/// How embeddings become inputs of the encoder: `(x - offset) scale`, per dimension; x is cut off at the limits.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standard {
    pub(super) offset: Vec<f32>,
    pub(super) scale: Vec<f32>,
    /// None where the training had no far values.
    pub(super) limits: Option<Limits>,
}

impl Standard {
    /// Inputs from embeddings, in f64, rounded to f32 once; the largest f32 in place of values beyond it.
    pub(super) fn apply(&self, rows: &mut [f32]) {
        if let Some(limits) = &self.limits {
            limits.cut(rows);
        }
        for row in rows.chunks_exact_mut(self.offset.len().max(1)) {
            for ((x, offset), scale) in row.iter_mut().zip(&self.offset).zip(&self.scale) {
                let input = (f64::from(*x) - f64::from(*offset)) * f64::from(*scale);
                *x = finish(input.clamp(f64::from(f32::MIN), f64::from(f32::MAX)) as f32);
            }
        }
    }

    /// Embeddings from outputs of the decoder: `x / scale + offset` in f64, rounded to f32 once.
    pub(super) fn undo(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.offset.len().max(1)) {
            for ((x, offset), scale) in row.iter_mut().zip(&self.offset).zip(&self.scale) {
                *x = (f64::from(*x) / f64::from(*scale) + f64::from(*offset)) as f32;
            }
        }
    }

    /// Leaves rows as they are.
    pub(super) fn none(dim: usize) -> Self {
        Self { offset: vec![0.0; dim], scale: vec![1.0; dim], limits: None }
    }

    /// Mean 0 and variance 1 over all rows; a dimension without variance keeps its scale. Far values count for nothing
    /// and are cut off: the second value tells of them.
    ///
    /// # Exactness
    /// Every dimension is on a grid of its own ([`GridSketch`](crate::grid::GridSketch)). Sums of grid values and of
    /// their squares are exact integers, for up to 2^64 rows in any order; mean and scale follow from them in f64, each
    /// rounded to f32 once. [`FarValues`] says which values are far; values that saturate on the grid count for nothing
    /// either.
    pub(super) fn of(rows: &dyn Rows) -> Result<(Self, Saturation)> {
        let dim = rows.dim();
        let sketch = sketch(rows)?;
        let alone = |grid: &Grid| (grid.offset().first().copied().unwrap_or(0.0), grid.exponent());
        let grids: Vec<(f32, i32)> = sketch.grids().iter().map(alone).collect();
        let scales: Vec<(f32, f64)> = grids.iter().map(|(middle, exponent)| (*middle, pow2(*exponent))).collect();
        let mut far = FarValues::new(&sketch);
        let mut sums = vec![(0_u64, 0_i128, 0_u128); dim];
        each_chunk(rows, &mut |first, rows| {
            far.add(first, rows);
            for row in rows.chunks_exact(dim) {
                let places = sums.iter_mut().zip(&scales).zip(far.bounds());
                for ((((count, sum, squares), (middle, scale)), bound), x) in places.zip(row) {
                    let q = quantize_value(*x, *middle, *scale);
                    if q.abs() == SATURATION || FarValues::is_far(*bound, *x) {
                        continue;
                    }
                    *count += 1;
                    *sum += i128::from(q);
                    *squares += u128::from(u64::from(q.unsigned_abs()).pow(2));
                }
            }
            Ok(())
        })?;
        let mut standard = Self::none(dim);
        let places = standard.offset.iter_mut().zip(&mut standard.scale).zip(&grids);
        for (((offset, scale), (middle, exponent)), (count, sum, squares)) in places.zip(sums) {
            let count = count.max(1) as f64;
            let (mean, step) = (sum as f64 / count, pow2(-exponent));
            *offset = (f64::from(*middle) + mean * step) as f32 + 0.0;
            let variance = (squares as f64 - sum as f64 * mean).max(0.0) / count;
            let inverse = (1.0 / (variance.sqrt() * step)) as f32;
            *scale = if variance > 0.0 { inverse.clamp(f32::MIN_POSITIVE, f32::MAX) } else { 1.0 };
        }
        standard.limits = far.limits();
        Ok((standard, far.saturation))
    }

    /// The same without a change of offset and scale: cuts far values of the rows off, and tells of them.
    pub(super) fn limited(self, rows: &dyn Rows) -> Result<(Self, Saturation)> {
        let far = FarValues::of(rows)?;
        Ok((Self { limits: far.limits(), ..self }, far.saturation))
    }
}

/// Reads the rows chunk by chunk, and hands each to `use_rows` with the number of its first row.
pub(super) fn each_chunk(rows: &dyn Rows, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
    let (len, dim) = (rows.len(), rows.dim());
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_vec(0.0, step.min(len) * dim, "a chunk of rows")?;
    for first in (0..len).step_by(step) {
        buffer.truncate((len - first).min(step) * dim);
        read_finite(rows, first, &mut buffer)?;
        use_rows(first, &buffer)?;
    }
    Ok(())
}
