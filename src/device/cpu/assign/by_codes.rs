//! Assignment of rows by what the codes of the last one say.

use super::Scratch;
use crate::clock::Instant;
use crate::device::cpu::candidates::OpenCodewords;
use crate::device::cpu::memory::FromCodes;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::prefetch::prefetch;
use crate::device::cpu::rows::RowBlock;
use crate::device::cpu::tally::Tally;
use pulp::Simd;

/// Assigns rows of a block, the first of which is row `first` of the table, and leaves the others open.
pub(super) struct ByCodes<'a, 'b> {
    pub(super) first: usize,
    pub(super) rows: RowBlock<'a>,
    pub(super) codes: &'b mut [u32],
    pub(super) panel: &'b Panel,
    pub(super) from_codes: &'b FromCodes,
    pub(super) scratch: &'b mut Scratch,
}

impl pulp::WithSimd for ByCodes<'_, '_> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Tally {
        let start = Instant::now();
        let mut tally = Tally::default();
        self.scratch.open.clear();
        self.scratch.open.extend(0..self.rows.len());
        if let Some(around) = &self.from_codes.surroundings {
            self.surrounded(simd, (around, around.own(self.first, self.rows.len())), &mut tally);
        }
        if let Some(changed) = &self.from_codes.changed {
            self.changed(simd, changed, &mut tally);
        }
        let elapsed = start.elapsed();
        Tally { listing: elapsed, assigning: elapsed, ..tally }
    }
}

/// Gives a row its candidate, where it has only one; of several, [`settle`](super::settle) chooses, once the row is in
/// the cache.
#[inline(always)]
pub(super) fn choose(
    (rows, i): (RowBlock<'_>, usize),
    code: &mut u32,
    candidates: OpenCodewords,
    (undecided, tally): (&mut Vec<(usize, OpenCodewords)>, &mut Tally),
) {
    tally.listed += 1;
    if let Some([only]) = candidates.get() {
        tally.give(code, *only);
    } else {
        prefetch(rows.row(i));
        undecided.push((i, candidates));
    }
}
