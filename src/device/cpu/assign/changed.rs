//! Assignment of rows by the codewords that changed since the last one.

use super::by_codes::{ByCodes, choose};
use super::near::Near;
use super::{Scratch, settle};
use crate::device::cpu::exact::squared_distance;
use crate::device::cpu::memory::Changed;
use crate::device::cpu::panel::Panel;
use crate::device::cpu::tally::Tally;
use pulp::Simd;

impl ByCodes<'_, '_> {
    /// Assigns the open rows whose own codeword is not farther than it was, by comparing them with the codewords that
    /// changed; the others stay open.
    ///
    /// # Exactness
    /// In the last assignment a row's own codeword was the nearest of all, the lowest index on a tie. A codeword that
    /// did not change is as far as it was. So where the own one is not farther than it was, no such codeword is nearer,
    /// nor as near at a lower index, and the nearest is the own one or one of those that changed.
    #[inline(always)]
    pub(super) fn changed<S: Simd>(&mut self, simd: S, changed: &Changed, tally: &mut Tally) {
        let Self { rows, codes, panel, scratch, .. } = self;
        let rows = *rows;
        let Scratch { scores, open, left, undecided, rows: buffer, .. } = &mut **scratch;
        std::mem::swap(open, left);
        open.clear();
        let picked = if left.len() < rows.len() {
            buffer.pick(rows, left.iter().copied());
            buffer.rows()
        } else {
            rows
        };
        scores.compute(picked, &changed.now.panel);
        // Without scores, as where nothing changed, all codes stay.
        for (i, scores) in left.iter().zip(scores.rows()) {
            let (i, Some(code)) = (*i, codes.get_mut(*i)) else { continue };
            if is_farther(changed, panel, rows.row(i), *code) {
                open.push(i);
                continue;
            }
            let known = [*code as u16];
            let near = Near::of(simd, rows, i, &known, panel);
            let candidates = near.candidates(simd, rows, &known, &changed.now, scores);
            match candidates.get() {
                None => open.push(i),
                Some(_) => choose((rows, i), code, candidates, (undecided, tally)),
            }
        }
        settle(simd, rows, codes, panel, (undecided, tally));
    }
}

/// Whether the codeword of a row changed and is farther from it than before.
#[inline(always)]
fn is_farther(changed: &Changed, panel: &Panel, row: &[f32], code: u32) -> bool {
    match changed.before(code) {
        Some(before) => squared_distance(row, panel.codeword(code as usize)) > squared_distance(row, before),
        None => false,
    }
}
