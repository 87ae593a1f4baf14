//! Encoding a few rows at a time, without memory of their own and on the thread of the caller.

use super::model::RqKMeansModel;
use crate::codebook::Codebook;
use crate::device::{Device, FewRows};
use crate::error::Result;
use crate::grid::check_finite;
use crate::quantization::Quantization;
use crate::quantizer::{EncodeOptions, FewEncoder};

/// The grid of a model and its prepared codebooks.
struct PreparedLevels {
    quantization: Quantization,
    rows: Box<dyn FewRows>,
    q: Vec<i32>,
}

impl RqKMeansModel {
    /// Prepares the model to encode a few rows at a time by their nearest codewords.
    pub(super) fn few(&self, device: &Device, options: &EncodeOptions) -> Result<Option<Box<dyn FewEncoder>>> {
        if *options != EncodeOptions::default() || !self.tables.is_empty() || self.beam > 1 {
            return Ok(None);
        }
        let Some(rows) = device.engine().few_rows(&self.scaled_levels())? else { return Ok(None) };
        Ok(Some(Box::new(PreparedLevels { quantization: self.quantization.clone(), rows, q: Vec::new() })))
    }

    /// Returns the codebooks, and whether rows are scaled to unit length before each.
    pub(super) fn scaled_levels(&self) -> Vec<(&Codebook, bool)> {
        let level = |(level, codebook)| (codebook, self.quantization.scales_level(level));
        self.levels.iter().enumerate().map(level).collect()
    }
}

impl FewEncoder for PreparedLevels {
    fn encode(&mut self, rows: &[f32], codes: &mut [u32]) -> Result<()> {
        check_finite(0, rows, self.quantization.grid.dim())?;
        self.q.resize(rows.len(), 0);
        self.quantization.quantize(rows, &mut self.q);
        self.rows.encode(&self.q, codes);
        Ok(())
    }

    fn copy(&self) -> Box<dyn FewEncoder> {
        Box::new(Self { quantization: self.quantization.clone(), rows: self.rows.copy(), q: Vec::new() })
    }
}
