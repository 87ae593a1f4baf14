//! Reads rows by decoding codes.

use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::quantizer::Quantizer;
use crate::rows::{Rows, out_of_range};

/// Rows that IDs decode to; reading a row decodes it.
pub(super) struct DecodedRows<'a> {
    pub(super) model: &'a dyn Quantizer,
    pub(super) codes: &'a Codes,
    pub(super) device: &'a Device,
}

impl Rows for DecodedRows<'_> {
    fn len(&self) -> usize {
        self.codes.len()
    }

    fn dim(&self) -> usize {
        self.model.dim()
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        let levels = self.codes.levels();
        let (start, count) = (first.saturating_mul(levels), out.len() / self.dim().max(1));
        let codes = self.codes.values().get(start..start.saturating_add(count.saturating_mul(levels)));
        let codes = codes.ok_or_else(|| out_of_range(first, self.len()))?;
        let decoded = decode_finite(self.model, &Codes::new(codes.to_vec(), levels)?, levels, self.device)?;
        out.iter_mut().zip(decoded).for_each(|(out, value)| *out = value);
        Ok(())
    }
}

/// Decodes as [`Quantizer::decode_saturated`], also for models that only have [`Quantizer::decode_levels`]: a sum of
/// codewords may exceed the largest f32.
pub(super) fn decode_finite(model: &dyn Quantizer, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
    let mut decoded = model.decode_saturated(codes, levels, device)?;
    decoded.iter_mut().for_each(|value| *value = value.clamp(f32::MIN, f32::MAX));
    Ok(decoded)
}
