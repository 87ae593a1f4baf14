//! Batches that pass a quantizer: level by level over neighbouring columns, codewords member by member.

use crate::grid::{GRID_MAX, pow2};
use crate::kernel::float::mul;
use crate::kernel::scaled::from_exact;
use crate::kernel::straight_through::Weight;
use rayon::prelude::*;

/// Rows or codewords that one task handles.
const TASK: usize = 64;
/// Columns that are taken at a time.
const COLUMNS: usize = 16;

/// `kernel::straight_through` of latents, codes and codebooks, into quantized values, commitment and residuals.
pub(super) fn straight_through(inputs: [&[f32]; 3], columns: usize, weight: Weight, out: &mut [Vec<f32>; 3]) {
    let [latents, codes, books] = inputs;
    let [quantized, commitment, residuals] = out;
    let rows = latents.len() / columns.max(1);
    let (levels, task) = (codes.len() / rows.max(1), TASK * columns.max(1));
    let inputs = latents.par_chunks(task).zip(codes.par_chunks((TASK * levels).max(1)));
    let outputs = quantized.par_chunks_mut(task).zip(commitment.par_chunks_mut(task));
    let outputs = outputs.zip(residuals.par_chunks_mut((task * levels).max(1)));
    inputs.zip(outputs).for_each(|((latents, codes), ((quantized, commitment), residuals))| {
        let rows = latents.chunks_exact(columns).zip(codes.chunks_exact(levels.max(1)));
        let outputs = quantized.chunks_exact_mut(columns).zip(commitment.chunks_exact_mut(columns));
        let outputs = outputs.zip(residuals.chunks_exact_mut((levels * columns).max(1)));
        for ((latents, codes), ((quantized, commitment), residuals)) in rows.zip(outputs) {
            pass_row(latents, codes, books, weight, [quantized, commitment, residuals]);
        }
    });
}

/// One row, [`COLUMNS`] columns at a time.
fn pass_row(latents: &[f32], codes: &[f32], books: &[f32], weight: Weight, out: [&mut [f32]; 3]) {
    let [quantized, commitment, residuals] = out;
    let (columns, unscale) = (latents.len(), pow2(-weight.exponent));
    let (limit, scale) = (f64::from(GRID_MAX), pow2(weight.exponent));
    let outputs = quantized.chunks_mut(COLUMNS).zip(commitment.chunks_mut(COLUMNS));
    for ((part, latents), (quantized, commitment)) in latents.chunks(COLUMNS).enumerate().zip(outputs) {
        let first = part * COLUMNS;
        let (mut residual, mut sum) = ([0_i32; COLUMNS], [0_i64; COLUMNS]);
        for (residual, latent) in residual.iter_mut().zip(latents) {
            *residual = (f64::from(*latent) * scale).round_ties_even().clamp(-limit, limit) as i32;
        }
        let start = residual;
        for (code, out) in codes.iter().zip(residuals.chunks_exact_mut(columns)) {
            let at = *code as usize * columns + first;
            let codeword = books.get(at..at + latents.len()).unwrap_or_default();
            residual.iter_mut().zip(codeword).for_each(|(residual, c)| *residual -= *c as i32);
            for ((residual, sum), out) in
                residual.iter().zip(&mut sum).zip(out.iter_mut().skip(first)).take(latents.len())
            {
                *sum += i64::from(*residual);
                *out = *residual as f32;
            }
        }
        for (out, (start, residual)) in quantized.iter_mut().zip(start.iter().zip(residual)) {
            *out = from_exact(f64::from(start - residual), unscale);
        }
        for (out, sum) in commitment.iter_mut().zip(sum) {
            *out = mul(from_exact(sum as f64, unscale), weight.factor);
        }
    }
}

/// `kernel::codebook_gradient` of residuals, rows and starts.
pub(super) fn codebook_gradient(of: [&[f32]; 3], columns: usize, weight: Weight, out: &mut [f32]) {
    let [residuals, rows, starts] = of;
    let unscale = pow2(-weight.exponent);
    out.par_chunks_mut(columns.max(1)).enumerate().with_min_len(TASK).for_each_init(Vec::new, |sums, (k, out)| {
        sums.clear();
        sums.resize(columns, 0_i64);
        let place = |at: usize| starts.get(at).map_or(0, |start| *start as usize);
        for row in rows.get(place(k)..place(k + 1)).unwrap_or_default() {
            let at = *row as usize * columns;
            let member = residuals.get(at..at + columns).unwrap_or_default();
            sums.iter_mut().zip(member).for_each(|(sum, value)| *sum -= *value as i64);
        }
        for (out, sum) in out.iter_mut().zip(&*sums) {
            *out = mul(from_exact(*sum as f64, unscale), weight.factor);
        }
    });
}
