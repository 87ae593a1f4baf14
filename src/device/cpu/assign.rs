//! Assignment of a block of rows: all of them against all codewords, or only what movements leave open.

use super::history::{Moved, Movements};
use super::lanes::Lanes;
use super::memory::{LISTED, Mark};
use super::panel::Panel;
use super::rows::{RowBuffer, Rows};
use super::scores::Scores;
use super::select::{self, Candidates, each_within, nearest, nearest_of};
use super::tally::Tally;
use crate::clock::Instant;
use pulp::Simd;

/// Rows of one block with what is known about them.
pub(super) struct Block<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) codes: &'a mut [u32],
    /// What the rows remember; empty where nothing is remembered.
    pub(super) marks: &'a mut [Mark],
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    scores: Scores,
    open: Vec<usize>,
    near: Vec<Near>,
    rows: RowBuffer,
}

/// A row whose nearest codeword is among those that it lists and those that moved far.
struct Near {
    /// The number of the assignment that measured the row.
    epoch: u32,
    row: usize,
    /// Lower bounds of the scores of the codewords listed.
    lower: [f32; LISTED],
    /// The lowest of these bounds, and the limit that it sets for the others.
    lowest: f32,
    limit: f32,
}

/// [`Assign::all`] or, with movements, [`Assign::moved`], as one operation compiled for this processor's vectors.
pub(super) struct Assign<'a, 'b> {
    pub(super) block: Block<'a>,
    pub(super) panel: &'b Panel,
    /// The number of this assignment.
    pub(super) epoch: u32,
    pub(super) movements: &'b Movements,
    pub(super) scratch: &'b mut Scratch,
}

impl pulp::WithSimd for Assign<'_, '_> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) -> Tally {
        let start = Instant::now();
        let tally = match self.block.marks.is_empty() {
            true => self.all(simd),
            false => self.moved(simd),
        };
        Tally { assigning: start.elapsed(), ..tally }
    }
}

impl Assign<'_, '_> {
    /// Assigns every row by its scores against all codewords.
    #[inline(always)]
    fn all<S: Simd>(&mut self, simd: S) -> Tally {
        let Self { block, panel, scratch, .. } = self;
        let mut tally = Tally::default();
        let start = Instant::now();
        scratch.scores.compute(block.rows, panel);
        tally.scoring += start.elapsed();
        for (i, (code, scores)) in block.codes.iter_mut().zip(scratch.scores.rows()).enumerate() {
            assign_row(simd, block.rows, i, (&Lanes::of(scores), scores), panel, code, &mut tally);
        }
        tally
    }

    /// Assigns rows of which some were measured before the codewords moved; the others are measured now.
    ///
    /// # Exactness
    /// A row is compared with the codewords that it lists. Where these prove that all others are farther, except for
    /// the few that moved far, it is compared with those, too, and with nothing else. Otherwise it goes through its
    /// scores against all codewords.
    #[inline(always)]
    fn moved<S: Simd>(&mut self, simd: S) -> Tally {
        let mut tally = Tally::default();
        let start = Instant::now();
        let Self { block, panel, movements, scratch, .. } = self;
        let rows = block.rows;
        scratch.open.clear();
        scratch.near.clear();
        for (i, mark) in block.marks.iter().enumerate() {
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
            self.compare_far(simd, part, &mut tally);
        }
        self.scratch.near = near;
        tally.listing += start.elapsed();
        self.measure(simd, &mut tally);
        tally
    }

    /// Compares rows that the same assignment measured with the codewords that moved far since.
    #[inline(always)]
    fn compare_far<S: Simd>(&mut self, simd: S, near: &[Near], tally: &mut Tally) {
        let Self { block, panel, movements, scratch, .. } = self;
        let Some(moved) = near.first().and_then(|near| movements.since(near.epoch)) else { return };
        let Scratch { scores, open, rows: buffer, .. } = &mut **scratch;
        let rows = block.rows;
        buffer.clear(panel.dim());
        near.iter().for_each(|near| buffer.push(rows, near.row));
        scores.compute(buffer.rows(), &moved.panel);
        for (row, scores) in near.iter().zip(scores.rows()) {
            let i = row.row;
            let Some((code, mark)) = block.codes.get_mut(i).zip(block.marks.get(i)) else { continue };
            match candidates(rows, row, mark, moved, scores).get() {
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

    /// Assigns the rows left open by their scores against all codewords, and lists codewords for them.
    #[inline(always)]
    fn measure<S: Simd>(&mut self, simd: S, tally: &mut Tally) {
        let Self { block, panel, epoch, scratch, .. } = self;
        scratch.rows.clear(panel.dim());
        scratch.open.iter().for_each(|i| scratch.rows.push(block.rows, *i));
        let start = Instant::now();
        scratch.scores.compute(scratch.rows.rows(), panel);
        tally.scoring += start.elapsed();
        for (i, scores) in scratch.open.iter().zip(scratch.scores.rows()) {
            let Some((code, mark)) = block.codes.get_mut(*i).zip(block.marks.get_mut(*i)) else { continue };
            let lanes = Lanes::of(scores);
            assign_row(simd, block.rows, *i, (&lanes, scores), panel, code, tally);
            *mark = Mark::measure(*epoch, (&lanes, scores), block.rows.length(*i));
        }
    }
}

/// Assigns one row by its scores against all codewords.
#[inline(always)]
fn assign_row<S: Simd>(
    simd: S,
    rows: Rows<'_>,
    i: usize,
    scores: (&Lanes, &[f32]),
    panel: &Panel,
    code: &mut u32,
    tally: &mut Tally,
) {
    let nearest = nearest(simd, scores, rows.row(i), (rows.length(i), rows.error(i)), panel);
    tally.changed += u64::from(std::mem::replace(code, nearest.code) != nearest.code);
    tally.scored += 1;
    tally.undecided += u64::from(nearest.candidates > 1);
    tally.candidates += u64::from(nearest.candidates);
}

/// Compares a row with the codewords that it lists; `None` where these do not exclude others that did not move far.
#[inline(always)]
fn compare_listed<S: Simd>(
    simd: S,
    rows: Rows<'_>,
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
fn candidates(rows: Rows<'_>, near: &Near, mark: &Mark, moved: &Moved, scores: &[f32]) -> Candidates {
    let (best, lowest) = Lanes::of(scores).lowest(scores);
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
    each_within(scores, limit, |at| {
        if let Some(k) = moved.far.get(at).filter(|k| !mark.listed().contains(&(**k as u16))) {
            candidates.push(*k);
        }
    });
    candidates
}
