//! Lower bounds of the scores of a block of rows against all codewords of a panel: one matrix product and one sweep.

use super::bounds::Coefficients;
use super::panel::Panel;
use super::products::products;
use super::rows::RowBlock;

/// Scores of a block; the memory is reused between blocks.
#[derive(Default)]
pub(super) struct Scores {
    /// Lower bounds (n, stride), see [`Panel`], of which the first K of a row are those of codewords.
    lower: Vec<f32>,
    rows: usize,
    stride: usize,
    clusters: usize,
}

impl Scores {
    /// Computes the scores of rows that were measured for the panel's unit.
    #[inline(always)]
    pub(super) fn compute(&mut self, rows: RowBlock<'_>, panel: &Panel) {
        self.clusters = panel.clusters();
        self.stride = panel.packed.as_ref().map_or(self.clusters, |packed| packed.stride());
        self.rows = rows.len();
        let count = self.rows * self.stride;
        // It only grows, as what becomes longer is filled with zeros first.
        if self.lower.len() < count {
            self.lower.resize(count, 0.0);
        }
        let lower = self.lower.get_mut(..count).unwrap_or_default();
        if lower.is_empty() {
            return;
        }
        if let Some(packed) = &panel.packed {
            return packed.scores(rows.integers(), &panel.coefficients, lower);
        }
        products(rows.values, panel, lower);
        let Coefficients { norm, slope, .. } = &panel.coefficients;
        for (scores, length) in lower.chunks_exact_mut(self.stride).zip(rows.lengths) {
            for (score, (norm, slope)) in scores.iter_mut().zip(norm.iter().zip(slope)) {
                *score = (norm - *score) - length * slope;
            }
        }
    }

    /// The lower bounds of every row, and what fills the last group up.
    #[inline(always)]
    pub(super) fn padded(&self) -> impl Iterator<Item = &[f32]> {
        self.lower.chunks_exact(self.stride.max(1)).take(self.rows)
    }

    /// The lower bounds (K) of every row.
    #[inline(always)]
    pub(super) fn rows(&self) -> impl Iterator<Item = &[f32]> {
        let clusters = self.clusters;
        self.padded().map(move |scores| scores.get(..clusters).unwrap_or_default())
    }
}
