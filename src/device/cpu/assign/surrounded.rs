//! Assignment of rows by the codewords around their own.

use super::by_codes::{ByCodes, choose};
use super::{Scratch, settle};
use crate::device::cpu::bounds::score_at_most;
use crate::device::cpu::candidates::{OpenCodewords, nearest_within};
use crate::device::cpu::lanes::each_within;
use crate::device::cpu::memory::{MOST, Surroundings};
use crate::device::cpu::tally::Tally;
use pulp::Simd;

impl ByCodes<'_, '_> {
    /// Assigns the rows whose own codeword has a list of those around it, by comparing them with these; leaves the
    /// others open. `own` has upper bounds of the squared distances of the rows from their own codewords.
    ///
    /// # Exactness
    /// A codeword that is not listed is farther than the own one. One that is, and may be as near as the own one, has a
    /// score within the limit.
    #[inline(always)]
    pub(super) fn surrounded<S: Simd>(&mut self, simd: S, (around, own): (&Surroundings, &[f32]), tally: &mut Tally) {
        let Self { rows, codes, panel, scratch, .. } = self;
        let rows = *rows;
        let Scratch { open, undecided, .. } = &mut **scratch;
        open.clear();
        let mut lower = [0.0; MOST];
        for (i, (code, own)) in codes.iter_mut().zip(own).enumerate() {
            let list = around.of_row(*code, *own);
            let lower = lower.get_mut(..list.len()).unwrap_or_default();
            panel.few(simd, rows, i, list, lower);
            let limit = score_at_most(f64::from(*own), rows.length(i));
            let mut candidates = OpenCodewords::NONE;
            each_within(simd, lower, limit, |at| {
                candidates.push(list.get(at).map_or(0, |k| u32::from(*k)));
            });
            match candidates.get() {
                Some([]) => open.push(i),
                Some(_) => choose((rows, i), code, candidates, (undecided, tally)),
                None => {
                    let nearest = nearest_within(simd, (lower, Some(list)), limit, (rows, i), panel);
                    tally.give(code, nearest);
                    tally.listed += 1;
                }
            }
        }
        settle(simd, rows, codes, panel, (undecided, tally));
    }
}
