//! Lower bounds of the scores of a block of rows against all codewords of a panel: one matrix product and one sweep.

use super::bounds::Coefficients;
use super::madd::Buffers;
use super::panel::Panel;
use super::products::products;

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
            packed.scores(rows, lengths, &panel.coefficients, &mut self.buffers, &mut self.lower);
            self.errors.extend(self.buffers.errors());
            return;
        }
        products(rows, panel, &mut self.lower);
        let Coefficients { norm, slope, .. } = &panel.coefficients;
        self.errors.resize(lengths.len(), 0.0);
        for (scores, length) in self.lower.chunks_exact_mut(clusters).zip(lengths) {
            for (score, (norm, slope)) in scores.iter_mut().zip(norm.iter().zip(slope)) {
                *score = (norm - *score) - length * slope;
            }
        }
    }
}
