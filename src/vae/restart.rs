//! Restarts of codewords that no row was given.

use super::latent_quantizer::LatentQuantizer;
use crate::grid::Grid;
use crate::kernel::assign::assign;

/// Restarts the codewords listed per level at residuals of the given latents (n, d): each of another row, over all
/// levels, while there are enough.
pub(super) fn restart_unused(quantizer: &mut LatentQuantizer, latents: &[f32], unused: &[Vec<usize>]) {
    let (dim, exponent) = (quantizer.dim, quantizer.exponent);
    let mut residual = vec![0; latents.len()];
    Grid::new(vec![0.0; dim], exponent).quantize(latents, &mut residual);
    let rows = latents.len() / dim;
    let mut codes = vec![0; rows];
    let step = crate::grid::pow2(-exponent);
    let mut next = (0..rows).cycle();
    for (book, unused) in quantizer.books.iter_mut().zip(unused) {
        for (k, row) in unused.iter().zip(&mut next) {
            let value = residual.iter().skip(row * dim).take(dim).map(|q| (f64::from(*q) * step) as f32);
            book.restart(*k, &value.collect::<Vec<f32>>());
        }
        let restarted = book.on_grid(exponent, dim);
        assign(&residual, restarted.values(), dim, &mut codes);
        crate::kernel::residual::subtract(&mut residual, restarted.values(), dim, &codes);
    }
}
