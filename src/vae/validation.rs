//! Validation: losses and collisions of a model on rows that it was not trained on.

use super::data::MOST_VALIDATION_ROWS;
use super::model::RqVaeModel;
use super::params::{Reduction, RqVae};
use crate::device::Device;
use crate::error::{ErrorKind, Result};
use crate::kernel::row_losses::row_losses;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// Rows validated at a time.
const BLOCK: usize = 4096;

/// Losses and collisions of a model on held-out rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Validation {
    pub(super) loss: f64,
    pub(super) reconstruction: f64,
    pub(super) quantization: f64,
    /// 1 - different codes / rows.
    pub(super) collision_rate: f64,
}

impl Validation {
    pub(super) fn collisions_first(&self) -> (f64, f64) {
        (self.collision_rate, self.reconstruction)
    }
}

/// Encodes and decodes standardised rows.
pub(super) fn validate(params: &RqVae, model: &RqVaeModel, rows: &[f32], device: &Device) -> Result<Validation> {
    let dim = model.dim();
    let rows = rows.get(..rows.len().min(MOST_VALIDATION_ROWS * dim)).unwrap_or_default();
    let count = rows.len() / dim;
    let mut seen: HashSet<Vec<u32>> = HashSet::new();
    let (mut losses, mut squares) = (0.0, 0.0);
    let (mut encoder, mut decoder) = (model.encoder_on(device)?, model.decoder_on(device)?);
    for rows in rows.chunks(BLOCK * dim) {
        let mut latents = vec![0.0; rows.len() / dim * model.latent_dim()];
        encoder.run(rows, &mut latents)?;
        if !latents.iter().all(|x| x.is_finite()) {
            return Err(ErrorKind::Diverged { what: "a latent is not finite".into() }.into());
        }
        let matrix = crate::rows::Matrix::new(&latents, model.latent_dim())?;
        let codes = model.quantizer().encode(&matrix, device)?;
        squares += errors(model, &latents, &codes)?;
        let quantized = model.quantizer().decode(&codes)?;
        let mut restored = vec![0.0; rows.len()];
        decoder.run(&quantized, &mut restored)?;
        restored.iter_mut().zip(rows).for_each(|(restored, x)| *restored = crate::kernel::float::sub(*restored, *x));
        let mut of_rows = vec![0.0; rows.len() / dim];
        row_losses(&restored, params.loss.power(), &mut of_rows);
        losses += of_rows.iter().map(|loss| f64::from(*loss)).sum::<f64>();
        seen.extend(codes.rows().map(<[u32]>::to_vec));
    }
    let values = match params.reduction {
        Reduction::Mean => count * dim,
        Reduction::Sum => count,
    };
    let reconstruction = losses / values as f64;
    let of_latents = (count * model.latent_dim() * model.quantizer().levels().len()) as f64;
    let quantization = squares / of_latents * (1.0 + params.beta) * params.quantization_weight;
    Ok(Validation {
        loss: reconstruction + quantization,
        reconstruction,
        quantization,
        collision_rate: 1.0 - seen.len() as f64 / count.max(1) as f64,
    })
}

/// Returns the sum of the squared distances of all levels.
fn errors(model: &RqVaeModel, latents: &[f32], codes: &crate::Codes) -> Result<f64> {
    let quantizer = model.quantizer();
    let dim = model.latent_dim();
    let step = crate::grid::pow2(-quantizer.codebook_exponent());
    let mut residual = vec![0; latents.len()];
    quantizer.grid().quantize(latents, &mut residual);
    let mut squares = 0_u128;
    for (row, codes) in residual.chunks_exact_mut(dim).zip(codes.rows()) {
        for (book, code) in quantizer.levels().iter().zip(codes) {
            for (value, c) in row.iter_mut().zip(book.codeword(*code as usize).unwrap_or_default()) {
                *value -= c;
                squares += u128::from(value.unsigned_abs()).pow(2);
            }
        }
    }
    Ok(squares as f64 * step * step)
}
