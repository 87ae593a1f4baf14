//! Gives latents their codes where the engine that holds the matrices has no kernel for it: level by level with a
//! table, or by Sinkhorn.

use super::{LatentQuantizer, QuantizerActivations};
use crate::codebook::Codebook;
use crate::device::Purpose;
use crate::device::tensors::Tensors;
use crate::error::Result;
use crate::grid::{Grid, pow2};
use crate::kernel::assign::squared_distance;
use crate::kernel::members::{members, number_codes};
use crate::kernel::residual::subtract;
use crate::rq::sinkhorn;
use crate::vae::params::RqVae;
use rayon::prelude::*;

impl LatentQuantizer {
    /// Gives codes as [`LatentQuantizer::code`] does, for finite latents (n, d) on the host.
    pub(in crate::vae) fn code_on_host(
        &mut self,
        tensors: &mut dyn Tensors,
        latents: &[f32],
        activations: &QuantizerActivations,
        params: &RqVae,
    ) -> Result<()> {
        let codebooks = std::mem::take(&mut self.batch.codebooks);
        let (levels, rows) = (codebooks.len(), latents.len() / self.dim);
        let mut residual = vec![0; latents.len()];
        Grid::new(vec![0.0; self.dim], self.exponent).quantize(latents, &mut residual);
        let mut codes = vec![0.0; rows * levels];
        let mut of_level = vec![0; rows];
        let mut before = 0;
        for (level, book) in codebooks.iter().enumerate() {
            match params.sinkhorn_of(level) {
                None => self.assign(book, &residual, &mut of_level)?,
                Some(epsilon) => of_level = self.balance(book, &residual, epsilon, params.sinkhorn.1),
            }
            subtract(&mut residual, book.values(), self.dim, &of_level);
            number_codes(&of_level, (level, levels), before, &mut codes);
            before += book.clusters();
        }
        self.batch.codebooks = codebooks;
        let (mut starts, mut listed) = (vec![0.0; before + 1], vec![0.0; codes.len()]);
        members(&codes, &mut starts, &mut listed);
        tensors.upload(activations.codes, &codes)?;
        tensors.upload(self.matrices.starts, &starts)?;
        tensors.upload(activations.rows, &listed)
    }

    fn assign(&mut self, book: &Codebook, residual: &[i32], codes: &mut [u32]) -> Result<()> {
        let mut table = match self.table.take() {
            Some(table) if table.rows() == codes.len() => table,
            _ => self.device.engine().table(codes.len(), self.dim, Purpose::Encode)?,
        };
        table.upload(0, residual)?;
        table.assign_and_codes(book, codes)?;
        self.table = Some(table);
        Ok(())
    }

    /// Assigns latents by Sinkhorn.
    fn balance(&self, book: &Codebook, residual: &[i32], epsilon: f64, iterations: usize) -> Vec<u32> {
        let (dim, unit) = (self.dim, pow2(-self.exponent) * pow2(-self.exponent));
        let of_row = |row: &[i32]| {
            let distance = |codeword: &[i32]| squared_distance(row, codeword) as f64 * unit;
            book.values().chunks_exact(dim).map(distance).collect::<Vec<f64>>()
        };
        let mut distances: Vec<f64> = residual.par_chunks_exact(dim).flat_map_iter(of_row).collect();
        sinkhorn::codes(&mut distances, book.clusters(), epsilon, iterations)
    }
}
