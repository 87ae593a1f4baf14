//! Latents of rows, computed when they are read.

use super::forward::Forward;
use super::standard::Standard;
use crate::error::{ErrorKind, Result};
use crate::grid::read_finite;
use crate::kernel::float::finish;
use crate::rows::Rows;
use std::sync::{Mutex, PoisonError};

/// How often inputs without finite latents are divided by 2^32; no f32 is left above 2 after 4 times.
const DIVISIONS: usize = 4;
/// How many rows are in memory at a time; a row may be much longer than its latent.
const PART: usize = 1 << 12;

/// Latents of rows.
pub(super) struct LatentRows<'a> {
    rows: &'a dyn Rows,
    standard: &'a Standard,
    encoder: Mutex<(Forward, Vec<f32>)>,
    latent_dim: usize,
}

impl<'a> LatentRows<'a> {
    /// Makes latents of `latent_dim` dimensions, which `encoder` gives for rows that `standard` has standardised.
    pub(super) fn new(rows: &'a dyn Rows, standard: &'a Standard, encoder: Forward, latent_dim: usize) -> Self {
        Self { rows, standard, encoder: Mutex::new((encoder, Vec::new())), latent_dim }
    }
}

impl Rows for LatentRows<'_> {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn dim(&self) -> usize {
        self.latent_dim
    }

    /// A network computes them.
    fn is_decoded(&self) -> bool {
        true
    }

    fn read(&self, first: usize, out: &mut [f32]) -> Result<()> {
        // The buffer is overwritten before it is read, so a panic in another thread cannot have spoilt it.
        let mut guard = self.encoder.lock().unwrap_or_else(PoisonError::into_inner);
        let (encoder, buffer) = &mut *guard;
        let parts = out.chunks_mut(self.dim().saturating_mul(PART));
        parts.enumerate().try_for_each(|(part, out)| self.read_part(encoder, buffer, first + part * PART, out))
    }
}

impl LatentRows<'_> {
    fn read_part(&self, encoder: &mut Forward, buffer: &mut Vec<f32>, first: usize, out: &mut [f32]) -> Result<()> {
        let (dim, latent) = (self.rows.dim(), self.dim());
        buffer.resize(out.len() / latent * dim, 0.0);
        read_finite(self.rows, first, buffer)?;
        self.standard.apply(buffer);
        encoder.run(buffer, out)?;
        let rows = buffer.chunks_exact_mut(dim).zip(out.chunks_exact_mut(latent)).enumerate();
        for (row, (input, out)) in rows.filter(|(_, (_, out))| !is_finite(out)) {
            if !nearer(encoder, input, out)? {
                return Err(ErrorKind::FarRow { row: first + row }.into());
            }
        }
        Ok(())
    }
}

/// Computes the latent of a row so far from all others that its latent is not finite: that of the row divided by 2^32
/// as often as it takes. Latents of such rows lie beyond their grid either way, and only their direction counts.
/// Returns whether the latent is finite.
fn nearer(encoder: &mut Forward, input: &mut [f32], out: &mut [f32]) -> Result<bool> {
    for _ in 0..DIVISIONS {
        input.iter_mut().for_each(|x| *x = finish(*x * 2.0_f32.powi(-32)));
        encoder.run(input, out)?;
        if is_finite(out) {
            return Ok(true);
        }
    }
    Ok(false)
}

fn is_finite(values: &[f32]) -> bool {
    values.iter().all(|x| x.is_finite())
}
