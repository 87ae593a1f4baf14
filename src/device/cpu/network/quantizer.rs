//! Batches that pass a quantizer: the scalar kernels on some rows or codewords at a time.

use crate::kernel::codebook_gradient;
use crate::kernel::straight_through::{self, Passed, Weight};
use rayon::prelude::*;

/// Rows or codewords that one task handles.
const TASK: usize = 64;

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
        let out = Passed { quantized, commitment, residuals };
        straight_through::straight_through(latents, codes, books, columns, weight, out);
    });
}

/// `kernel::codebook_gradient` of residuals, rows and starts.
pub(super) fn codebook_gradient(of: [&[f32]; 3], columns: usize, weight: Weight, out: &mut [f32]) {
    let [residuals, rows, starts] = of;
    out.par_chunks_mut(TASK * columns.max(1)).enumerate().for_each(|(task, out)| {
        let starts = starts.get(task * TASK..).unwrap_or_default();
        codebook_gradient::codebook_gradient(residuals, rows, starts, columns, weight, out);
    });
}
