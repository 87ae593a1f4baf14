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
    /// Scores (K) and error of every row.
    #[inline(always)]
    pub(super) fn rows(&self) -> impl Iterator<Item = (&[f32], f32)> {
        let clusters = self.lower.len().checked_div(self.errors.len()).unwrap_or(0).max(1);
        self.lower.chunks_exact(clusters).zip(self.errors.iter().copied())
    }

    /// Computes the scores of `rows` (n, D), whose lengths are at most `lengths` (n).
    #[inline(always)]
    pub(super) fn compute(&mut self, rows: &[f32], lengths: &[f32], panel: &Panel) {
        let clusters = panel.clusters();
        self.lower.resize(lengths.len() * clusters, 0.0);
        self.errors.clear();
        if self.lower.is_empty() {
            return;
        }
        if let Some(packed) = &panel.packed {
            packed.scores(rows, lengths, panel, &mut self.buffers, &mut self.lower);
            self.errors.extend(self.buffers.errors());
            return;
        }
        products(rows, panel, &mut self.lower);
        self.errors.resize(lengths.len(), 0.0);
        for (scores, length) in self.lower.chunks_exact_mut(clusters).zip(lengths) {
            for (score, (norm, slope)) in scores.iter_mut().zip(panel.norm.iter().zip(&panel.slope)) {
                *score = (norm - *score) - length * slope;
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
