//! Encoding a few rows at a time, on the thread of the caller.

use super::encode::{unscaled, write};
use super::leave::leave;
use super::model::PqKMeansModel;
use super::slices::copy_slice;
use crate::codebook::Codebook;
use crate::device::{Device, FewRows};
use crate::error::Result;
use crate::grid::check_finite;
use crate::quantization::Quantization;
use crate::quantizer::{EncodeOptions, FewEncoder};
use std::ops::Range;
use std::slice::from_ref;
use std::sync::Arc;

/// The grid of a model and its prepared codebooks.
struct PreparedSlices {
    quantization: Quantization,
    levels: Arc<[Codebook]>,
    residual: Option<Box<dyn FewRows>>,
    slices: Vec<(Range<usize>, Box<dyn FewRows>)>,
}

impl PqKMeansModel {
    /// Prepares the model to encode a few rows at a time; returns none where the device has nothing better than a
    /// table, or not for these options.
    pub(super) fn few(&self, device: &Device, options: &EncodeOptions) -> Result<Option<Box<dyn FewEncoder>>> {
        if *options != EncodeOptions::default() {
            return Ok(None);
        }
        let few_rows = |levels| device.engine().few_rows(&unscaled(levels));
        let residual = if self.residual.is_empty() { None } else { few_rows(&self.residual)? };
        let mut slices = Vec::with_capacity(self.slices.len());
        for (range, codebook) in self.ranges.iter().cloned().zip(&self.slices) {
            let Some(rows) = few_rows(from_ref(codebook))? else { return Ok(None) };
            slices.push((range, rows));
        }
        let (quantization, levels) = (self.quantization.clone(), self.residual.clone().into());
        let whole = residual.is_some() != self.residual.is_empty();
        Ok(whole.then(|| Box::new(PreparedSlices { quantization, levels, residual, slices }) as Box<dyn FewEncoder>))
    }
}

impl FewEncoder for PreparedSlices {
    fn encode(&mut self, rows: &[f32], codes: &mut [u32]) -> Result<()> {
        let Self { quantization, levels, residual, slices } = self;
        let dim = quantization.grid.dim();
        check_finite(0, rows, dim)?;
        let (count, all) = (rows.len() / dim, levels.len() + slices.len());
        let mut q = vec![0; rows.len()];
        quantization.quantize_for_level_0(rows, &mut q);
        if let Some(residual) = residual {
            let mut found = vec![0; count * levels.len()];
            residual.encode(&q, &mut found);
            leave(&mut q, levels, &found);
            write(codes, all, 0, &found, levels.len());
        }
        let (mut part, mut found) = (Vec::new(), vec![0; count]);
        for (level, (range, slice)) in (levels.len()..).zip(slices) {
            part.resize(count * range.len(), 0);
            copy_slice(&q, dim, range, &mut part);
            slice.encode(&part, &mut found);
            write(codes, all, level, &found, 1);
        }
        Ok(())
    }

    fn copy(&self) -> Box<dyn FewEncoder> {
        Box::new(Self {
            quantization: self.quantization.clone(),
            levels: Arc::clone(&self.levels),
            residual: self.residual.as_ref().map(|rows| rows.copy()),
            slices: self.slices.iter().map(|(range, rows)| (range.clone(), rows.copy())).collect(),
        })
    }
}
