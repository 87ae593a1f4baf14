//! Whether a model decodes to numbers: no decoded value may lie beyond the largest f32.

use super::model::RqVaeModel;
use super::weights::Layer;
use crate::device::Device;
use crate::error::{ErrorKind, Result};
use crate::grid::pow2;
use crate::rows::Matrix;

/// Rows decoded at a time.
const BLOCK: usize = 4096;
/// Covers the roundings of the bound itself and of f32 values, a few of 2^-24 per layer.
const SLACK: f64 = 1.001;

impl RqVaeModel {
    /// Refuses a model that decodes the codes of one of these standardised rows, or their first levels, to a value
    /// beyond f32.
    ///
    /// Most models are proved by their weights alone, for all codes. Embeddings near the largest f32 can make a bound
    /// exceed it that no row comes near; then the codes of the rows decide.
    ///
    /// # Errors
    /// [`ErrorKind::Undecodable`], [`ErrorKind::FarRow`] for a row without a finite latent, and what devices can meet.
    pub(super) fn check_decodes(&self, rows: &[f32], device: &Device) -> Result<()> {
        if self.is_bounded() {
            return Ok(());
        }
        let (dim, latent) = (self.dim(), self.latent_dim());
        let (mut encoder, mut decoder) = (self.encoder_on(device)?, self.decoder_on(device)?);
        for (block, rows) in rows.chunks(BLOCK * dim).enumerate() {
            let mut latents = vec![0.0; rows.len() / dim * latent];
            encoder.run(rows, &mut latents)?;
            if let Some(row) = latents.chunks_exact(latent).position(|latent| !latent.iter().all(|x| x.is_finite())) {
                return Err(ErrorKind::FarRow { row: block * BLOCK + row }.into());
            }
            let codes = self.quantizer().encode(&Matrix::new(&latents, latent)?, device)?;
            let mut decoded = vec![0.0; rows.len()];
            for levels in 1..=codes.levels() {
                self.decode_rows(&mut decoder, block * BLOCK, &codes, levels, &mut decoded)?;
            }
        }
        Ok(())
    }

    /// Whether weights and codewords alone prove that every code decodes to finite values.
    ///
    /// No magnitude of a latent value is beyond the sum, over the levels, of the largest one of a codeword. A layer
    /// with inputs of magnitudes up to `x_j` has outputs of magnitudes up to
    /// `sum_j (|w_j| + d max |w|) (x_j + d max x) + |bias|`: products are those of integers of b bits, which differ
    /// from the values by at most half a unit, and `d = 2^(1 - b)` times the largest magnitude of a vector is no less.
    pub(super) fn is_bounded(&self) -> bool {
        let step = pow2(-self.quantizer().codebook_exponent());
        let mut bounds = vec![0.0; self.latent_dim()];
        for book in self.quantizer().levels() {
            let mut largest = vec![0_u32; self.latent_dim()];
            for codeword in book.values().chunks_exact(book.dim()) {
                largest.iter_mut().zip(codeword).for_each(|(largest, c)| *largest = (*largest).max(c.unsigned_abs()));
            }
            bounds.iter_mut().zip(largest).for_each(|(bound, largest)| *bound += f64::from(largest) * step);
        }
        let rounding = pow2(1 - self.width().bits() as i32);
        let steeper = f64::from(self.slope.abs()).max(1.0);
        for layer in &self.decoder {
            bounds = outputs(layer, &bounds, rounding);
            if !bounds.iter().all(|bound| *bound < f64::from(f32::MAX)) {
                return false;
            }
            bounds.iter_mut().for_each(|bound| *bound *= steeper);
        }
        let decoded = bounds.iter().zip(&self.standard.scale).zip(&self.standard.offset);
        decoded.into_iter().all(|((bound, scale), offset)| {
            SLACK * (bound / f64::from(*scale) + f64::from(offset.abs())) < f64::from(f32::MAX)
        })
    }
}

/// Bounds of the outputs of a layer whose inputs have these bounds.
fn outputs(layer: &Layer, bounds: &[f64], rounding: f64) -> Vec<f64> {
    let largest = bounds.iter().fold(0.0_f64, |largest, bound| largest.max(*bound));
    let rows = layer.weight.chunks_exact(layer.inputs.max(1)).zip(&layer.bias);
    let output = |(row, bias): (&[f32], &f32)| {
        let heaviest = f64::from(row.iter().fold(0.0_f32, |heaviest, w| heaviest.max(w.abs())));
        let terms = row.iter().zip(bounds).map(|(w, bound)| {
            let weight = f64::from(w.abs()) + rounding * heaviest;
            weight * (bound + rounding * largest)
        });
        SLACK * (terms.sum::<f64>() + f64::from(bias.abs()))
    };
    rows.map(output).collect()
}
