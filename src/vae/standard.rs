//! Standardisation: how embeddings become inputs of the encoder, and outputs of the decoder embeddings.

use super::chunks::each_chunk;
use super::limits::{FarValues, Limits, sketch};
use crate::error::Result;
use crate::grid::{Moments, Saturation, pow2};
use crate::kernel::float::finish;
use crate::rows::Rows;

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
        let (mut far, mut moments) = (FarValues::new(&sketch), Moments::new(&sketch));
        each_chunk(rows, &mut |first, rows| {
            far.add(first, rows);
            rows.chunks_exact(dim).for_each(|row| moments.add(row, 1));
            Ok(())
        })?;
        let mut standard = Self::none(dim);
        let places = standard.offset.iter_mut().zip(&mut standard.scale);
        for ((offset, scale), (mean, variance, exponent)) in places.zip(moments.of_dimensions()) {
            *offset = mean;
            let inverse = (1.0 / (variance.sqrt() * pow2(-exponent))) as f32;
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
