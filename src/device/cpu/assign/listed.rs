//! Assignment of rows that list the codewords near them.

use super::{AssignInputs, Scratch};
use crate::clock::Instant;
use crate::device::cpu::lanes::{Lanes, each_within};
use crate::device::cpu::memory::{LISTED, Mark, Moved};
use crate::device::cpu::panel::Panel;
use crate::device::cpu::rows::RowBlock;
use crate::device::cpu::select::{self, Candidates, nearest_of};
use crate::device::cpu::tally::Tally;
use pulp::Simd;

/// A row whose nearest codeword is among those that it lists and those that moved far.
pub(super) struct Near {
    /// The number of the assignment that measured the row.
    epoch: u32,
    row: usize,
    /// Lower bounds of the scores of the codewords listed.
    lower: [f32; LISTED],
    /// The lowest of these bounds, and the limit that it sets for the others.
    lowest: f32,
    limit: f32,
}

impl AssignInputs<'_, '_> {
    /// Assigns rows of which some were measured before the codewords moved; the others are measured now.
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
        scratch.open.clear();
        scratch.near.clear();
        for (i, mark) in marks.iter().enumerate() {
            // No closure: it would not be compiled for the vectors that this function is compiled for.
            let near = match movements.since(mark.epoch) {
                Some(moved) => compare_listed(simd, rows, i, mark, panel, moved),
                None => None,
            };
            match near {
                Some(near) => scratch.near.push(near),
                None => scratch.open.push(i),
            }
        }
        let mut near = std::mem::take(&mut scratch.near);
        near.sort_unstable_by_key(|near| (near.epoch, near.row));
        for part in near.chunk_by(|a, b| a.epoch == b.epoch) {
            self.compare_far(simd, part, marks, &mut tally);
        }
        self.scratch.near = near;
        tally.listing += start.elapsed();
        self.measure(simd, &mut &mut *marks, &mut tally);
        tally
    }

    /// Compares rows that the same assignment measured with the codewords that moved far since.
    #[inline(always)]
    fn compare_far<S: Simd>(&mut self, simd: S, near: &[Near], marks: &[Mark], tally: &mut Tally) {
        let Self { rows, codes, panel, movements, scratch, .. } = self;
        let Some(moved) = near.first().and_then(|near| movements.since(near.epoch)) else { return };
        let Scratch { scores, open, rows: buffer, .. } = &mut **scratch;
        let rows = *rows;
        buffer.clear(panel.dim());
        near.iter().for_each(|near| buffer.push(rows, near.row));
        scores.compute(buffer.rows(), &moved.panel);
        for (row, scores) in near.iter().zip(scores.rows()) {
            let i = row.row;
            let Some((code, mark)) = codes.get_mut(i).zip(marks.get(i)) else { continue };
            match candidates(simd, rows, row, mark, moved, scores).get() {
                Some(candidates) => {
                    let label = match candidates {
                        [only] => *only,
                        several => nearest_of(simd, several, rows.row(i), panel),
                    };
                    tally.changed += u64::from(std::mem::replace(code, label) != label);
                    tally.listed += 1;
                }
                None => open.push(i),
            }
        }
    }
}

/// Compares a row with the codewords that it lists; `None` where these do not exclude others that did not move far.
#[inline(always)]
fn compare_listed<S: Simd>(
    simd: S,
    rows: RowBlock<'_>,
    row: usize,
    mark: &Mark,
    panel: &Panel,
    moved: &Moved,
) -> Option<Near> {
    let mut lower = [f32::INFINITY; LISTED];
    panel.few(simd, rows, row, mark.listed(), &mut lower);
    let (mut best, mut lowest) = (0, f32::INFINITY);
    for (k, lower) in mark.listed().iter().zip(lower) {
        if lower < lowest {
            (best, lowest) = (usize::from(*k), lower);
        }
    }
    let limit = select::limit(panel, best, lowest, (rows.length(row), rows.error(row)));
    let near = Near { epoch: mark.epoch, row, lower, lowest, limit };
    if mark.excludes_others(limit, rows.length(row), moved.others) { Some(near) } else { None }
}

/// The codewords that may be nearest to a row: of those that it lists, and of those that moved far, with their scores.
#[inline(always)]
fn candidates<S: Simd>(
    simd: S,
    rows: RowBlock<'_>,
    near: &Near,
    mark: &Mark,
    moved: &Moved,
    scores: &[f32],
) -> Candidates {
    let (best, lowest) = Lanes::of(simd, scores).lowest(simd, scores);
    let mut limit = near.limit;
    if lowest < near.lowest {
        let of_far = select::limit(&moved.panel, best, lowest, (rows.length(near.row), rows.error(near.row)));
        limit = if of_far < limit { of_far } else { limit };
    }
    let mut candidates = Candidates::NONE;
    for (k, lower) in mark.listed().iter().zip(near.lower) {
        if lower <= limit {
            candidates.push(u32::from(*k));
        }
    }
    each_within(simd, scores, limit, |at| {
        if let Some(k) = moved.far.get(at).filter(|k| !mark.listed().contains(&(**k as u16))) {
            candidates.push(*k);
        }
    });
    candidates
}
