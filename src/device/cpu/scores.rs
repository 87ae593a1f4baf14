//! Lower bounds of the scores of a block of rows against all codewords of a panel: one matrix product and one sweep.

use super::madd::Buffers;
use super::panel::Panel;
use gemm_common::Parallelism;

/// Scores of a block; the memory is reused between blocks.
#[derive(Default)]
pub(super) struct Scores {
    /// Lower bounds (n, K), see [`Panel`].
    pub(super) lower: Vec<f32>,
    /// Errors of the rows (n), see [`Panel`].
    pub(super) errors: Vec<f32>,
    buffers: Buffers,
}

impl Scores {
    /// Computes the scores of `rows` (n, D), whose lengths are at most `lengths` (n).
    #[inline(always)]
    pub(super) fn compute(&mut self, rows: &[f32], lengths: &[f32], panel: &Panel) {
        let clusters = panel.clusters();
        self.lower.resize(lengths.len() * clusters, 0.0);
        if self.lower.is_empty() {
            return;
        }
        match &panel.packed {
            Some(packed) => {
                packed.products(rows, panel.dim(), lengths, &mut self.buffers, &mut self.lower);
                self.errors.clone_from(&self.buffers.errors);
            }
            None => {
                products(rows, panel, &mut self.lower);
                self.errors.clear();
                self.errors.resize(lengths.len(), 0.0);
            }
        }
        for ((scores, length), error) in self.lower.chunks_exact_mut(clusters).zip(lengths).zip(&self.errors) {
            let codewords = panel.norm.iter().zip(&panel.slope).zip(&panel.tilt);
            for (score, ((norm, slope), tilt)) in scores.iter_mut().zip(codewords) {
                *score = ((norm - *score) - length * slope) - error * tilt;
            }
        }
    }
}

/// `out[i][k] = 2 rows[i] . codeword[k]`, in f32, in any order.
fn products(rows: &[f32], panel: &Panel, out: &mut [f32]) {
    let (clusters, dim) = (panel.clusters(), panel.dim());
    let count = rows.len() / dim;
    assert!(rows.len() == count * dim && panel.values.len() == clusters * dim, "whole rows and codewords");
    assert!(out.len() == count * clusters, "one product per row and codeword");
    let gemm = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: the call computes out (K x n, column major: row stride 1, column stride K) = 2 * codewords (K x D, row
    // stride D, column stride 1) * rows transposed (D x n, row stride 1, column stride D) without reading `out`. The
    // assertions above say that exactly these elements exist, and `out` is borrowed mutably, so nothing aliases it.
    unsafe {
        gemm(
            clusters,
            count,
            dim,
            out.as_mut_ptr(),
            clusters as isize,
            1,
            false,
            panel.values.as_ptr(),
            1,
            dim as isize,
            rows.as_ptr(),
            dim as isize,
            1,
            0.0,
            2.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
