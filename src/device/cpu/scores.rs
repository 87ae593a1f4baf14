//! Lower bounds of the scores of a block of rows against all codewords of a panel: one GEMM and one sweep.

use super::panel::Panel;
use gemm_common::Parallelism;

/// Scores of a block, reused between blocks.
#[derive(Default)]
pub(super) struct Scores {
    values: Vec<f32>,
}

impl Scores {
    /// Lower bounds L (n, K) of the scores of `rows` (n, D), whose lengths are at most `lengths` (n).
    #[inline(always)]
    pub(super) fn lower(&mut self, rows: &[f32], lengths: &[f32], panel: &Panel) -> &[f32] {
        let clusters = panel.clusters();
        self.values.resize(lengths.len() * clusters, 0.0);
        if self.values.is_empty() {
            return &[];
        }
        products(rows, panel, &mut self.values);
        for (scores, length) in self.values.chunks_exact_mut(clusters).zip(lengths) {
            for ((score, norm), slope) in scores.iter_mut().zip(&panel.norm).zip(&panel.slope) {
                *score = (norm - 2.0 * *score) - length * slope;
            }
        }
        &self.values
    }
}

/// `out[i][k] = rows[i] . codeword[k]`, in f32, in any order.
fn products(rows: &[f32], panel: &Panel, out: &mut [f32]) {
    let (clusters, dim) = (panel.clusters(), panel.dim());
    let count = rows.len() / dim;
    assert!(rows.len() == count * dim && panel.values.len() == clusters * dim, "whole rows and codewords");
    assert!(out.len() == count * clusters, "one product per row and codeword");
    let gemm = gemm_f32::gemm::f32::get_gemm_fn();
    // SAFETY: the call computes out (K x n, column major: row stride 1, column stride K) = codewords (K x D, row
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
            1.0,
            false,
            false,
            false,
            Parallelism::None,
        );
    }
}
