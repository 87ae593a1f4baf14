//! Rows whose nearest codeword is among a few known ones and those of a subset.

use crate::device::cpu::candidates::OpenCodewords;
use crate::device::cpu::lanes::{Lanes, each_within};
use crate::device::cpu::memory::{LISTED, Subset};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::rows::RowBlock;
use crate::device::cpu::select;
use pulp::Simd;

/// A row, compared with at most [`LISTED`] known codewords.
pub(super) struct Near {
    pub(super) row: usize,
    /// Lower bounds of the scores of the known codewords.
    lower: [f32; LISTED],
    /// The lowest of these bounds, and the limit that it sets for the others.
    lowest: f32,
    pub(super) limit: f32,
}

impl Near {
    #[inline(always)]
    pub(super) fn of<S: Simd>(simd: S, rows: RowBlock<'_>, row: usize, known: &[u16], panel: &Panel) -> Self {
        let mut lower = [f32::INFINITY; LISTED];
        panel.few(simd, rows, row, known, &mut lower);
        let (mut best, mut lowest) = (0, f32::INFINITY);
        for (k, lower) in known.iter().zip(lower) {
            if lower < lowest {
                (best, lowest) = (usize::from(*k), lower);
            }
        }
        let limit = select::limit(panel, best, lowest, (rows.length(row), rows.error(row)));
        Self { row, lower, lowest, limit }
    }

    /// The codewords that may be nearest to the row, of those known and of `others`, for which `scores` are the lower
    /// bounds.
    #[inline(always)]
    pub(super) fn candidates<S: Simd>(
        &self,
        simd: S,
        rows: RowBlock<'_>,
        known: &[u16],
        others: &Subset,
        scores: &[f32],
    ) -> OpenCodewords {
        let (best, lowest) = Lanes::of(simd, scores).lowest(simd, scores);
        let mut limit = self.limit;
        if lowest < self.lowest {
            let of_others = select::limit(&others.panel, best, lowest, (rows.length(self.row), rows.error(self.row)));
            limit = if of_others < limit { of_others } else { limit };
        }
        let mut candidates = OpenCodewords::NONE;
        for (k, lower) in known.iter().zip(self.lower) {
            if lower <= limit {
                candidates.push(u32::from(*k));
            }
        }
        each_within(simd, scores, limit, |at| {
            if let Some(k) = others.codewords.get(at).filter(|k| !known.contains(&(**k as u16))) {
                candidates.push(*k);
            }
        });
        candidates
    }
}
