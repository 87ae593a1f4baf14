//! Assignment of rows that list the codewords near them.

use super::near::Near;
use super::{AssignInputs, Scratch};
use crate::clock::Instant;
use crate::device::cpu::candidates::nearest_of;
use crate::device::cpu::memory::Mark;
use crate::device::cpu::tally::Tally;
use pulp::Simd;

impl AssignInputs<'_, '_> {
    /// Assigns the open rows, of which some were measured before the codewords moved; the others are measured now.
    ///
    /// # Exactness
    /// A row is compared with the codewords that it lists. Where these prove that all others are farther, except for
    /// the few that moved far, it is compared with those, too, and with nothing else. Otherwise it goes through its
    /// scores against all codewords.
    #[inline(always)]
    pub(super) fn listed<S: Simd>(mut self, simd: S, marks: &mut [Mark]) -> Tally {
        let mut tally = Tally::default();
        let start = Instant::now();
        let Self { rows, panel, movements, scratch, .. } = &mut self;
        let rows = *rows;
        let Scratch { near, open, left, .. } = &mut **scratch;
        std::mem::swap(open, left);
        near.clear();
        open.clear();
        for i in &*left {
            // No closures: they would not be compiled for the vectors that this function is compiled for.
            let Some(mark) = marks.get(*i) else { continue };
            if let Some(moved) = movements.since(mark.epoch) {
                let row = Near::of(simd, rows, *i, mark.listed(), panel);
                if mark.excludes_others(row.limit, rows.length(*i), moved.others) {
                    near.push((mark.epoch, row));
                    continue;
                }
            }
            open.push(*i);
        }
        let mut near = std::mem::take(&mut scratch.near);
        near.sort_unstable_by_key(|(epoch, near)| (*epoch, near.row));
        for part in near.chunk_by(|(a, _), (b, _)| a == b) {
            self.compare_far(simd, part, marks, &mut tally);
        }
        self.scratch.near = near;
        tally.listing += start.elapsed();
        self.measure(simd, &mut &mut *marks, &mut tally);
        tally
    }

    /// Compares rows that the same assignment measured with the codewords that moved far since.
    #[inline(always)]
    fn compare_far<S: Simd>(&mut self, simd: S, near: &[(u32, Near)], marks: &[Mark], tally: &mut Tally) {
        let Self { rows, codes, panel, movements, scratch, .. } = self;
        let Some(moved) = near.first().and_then(|(epoch, _)| movements.since(*epoch)) else { return };
        let Scratch { scores, open, rows: buffer, .. } = &mut **scratch;
        let rows = *rows;
        buffer.pick(rows, near.iter().map(|(_, near)| near.row));
        scores.compute(buffer.rows(), &moved.far.panel);
        for ((_, row), scores) in near.iter().zip(scores.rows()) {
            let i = row.row;
            let Some((code, mark)) = codes.get_mut(i).zip(marks.get(i)) else { continue };
            match row.candidates(simd, rows, mark.listed(), &moved.far, scores).get() {
                Some(candidates) => {
                    let label = match candidates {
                        [only] => *only,
                        several => nearest_of(simd, several, rows.row(i), panel),
                    };
                    tally.give(code, label);
                    tally.listed += 1;
                }
                None => open.push(i),
            }
        }
    }
}
