//! Assignment of a block of rows: all of them against all codewords, or only what movements leave open.

mod bounded;
mod changed;
mod listed;
mod near;
mod surrounded;

use super::lanes::Lanes;
use super::memory::{FromCodes, Movements, Remember, Remembered};
use super::panel::Panel;
use super::prefetch::prefetch;
use super::row_buffer::RowBuffer;
use super::rows::RowBlock;
use super::scores::Scores;
use super::select::{Candidates, candidates, nearest_of, nearest_within};
use super::tally::Tally;
use crate::clock::Instant;
use near::Near;
use pulp::Simd;

/// Rows of one block with what is known about them.
pub(super) struct AssignBlock<'a> {
    /// The number of its first row in the table.
    pub(super) first: usize,
    pub(super) rows: RowBlock<'a>,
    pub(super) codes: &'a mut [u32],
    pub(super) memory: Remembered<'a>,
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    scores: Scores,
    open: Vec<usize>,
    /// The open rows of a step before.
    left: Vec<usize>,
    /// Rows with the numbers of the assignments that measured them.
    near: Vec<(u32, Near)>,
    rows: RowBuffer,
    undecided: Vec<(usize, Candidates)>,
}

/// An assignment with what rows remember, as one operation compiled for this processor's vectors.
pub(super) struct Assign<'a, 'b> {
    pub(super) block: AssignBlock<'a>,
    pub(super) panel: &'b Panel,
    /// The number of this assignment.
    pub(super) epoch: u32,
    pub(super) movements: &'b Movements,
    pub(super) from_codes: &'b FromCodes,
    pub(super) scratch: &'b mut Scratch,
}

impl pulp::WithSimd for Assign<'_, '_> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tally {
        let start = Instant::now();
        let Self { block: AssignBlock { first, rows, codes, memory }, panel, epoch, movements, from_codes, scratch } =
            self;
        let mut work = AssignInputs { rows, codes, panel, epoch, movements, scratch };
        let mut tally = Tally::default();
        work.scratch.open.clear();
        work.scratch.open.extend(0..rows.len());
        if let Some(around) = &from_codes.surroundings {
            work.surrounded(simd, (around, around.own(first, rows.len())), &mut tally);
        }
        if let Some(changed) = &from_codes.changed {
            work.changed(simd, changed, &mut tally);
        }
        match memory {
            Remembered::Nothing if from_codes.is_nothing() => work.all(simd, &mut tally),
            Remembered::Nothing => work.measure(simd, &mut (), &mut tally),
            Remembered::Lists(marks) => work.listed(simd, marks, &mut tally),
            Remembered::Bounds(bounds) => work.bounded(simd, bounds, &mut tally),
        }
        Tally { assigning: start.elapsed(), ..tally }
    }
}

/// What all ways of assigning a block work with.
struct AssignInputs<'a, 'b> {
    rows: RowBlock<'a>,
    codes: &'a mut [u32],
    panel: &'b Panel,
    epoch: u32,
    movements: &'b Movements,
    scratch: &'b mut Scratch,
}

impl AssignInputs<'_, '_> {
    /// Assigns every row by its scores against all codewords.
    #[inline(always)]
    fn all<S: Simd>(self, simd: S, tally: &mut Tally) {
        let Self { rows, codes, panel, scratch, .. } = self;
        let start = Instant::now();
        scratch.scores.compute(rows, panel);
        tally.scoring += start.elapsed();
        let Scratch { scores, undecided, .. } = scratch;
        for (i, (code, scores)) in codes.iter_mut().zip(scores.rows()).enumerate() {
            assign_row(simd, (rows, i), (&Lanes::of(simd, scores), scores), panel, code, (undecided, tally));
        }
        settle(simd, rows, codes, panel, (undecided, tally));
    }

    /// Assigns the rows left open by their scores against all codewords, which are remembered.
    #[inline(always)]
    fn measure<S: Simd>(&mut self, simd: S, memory: &mut impl Remember, tally: &mut Tally) {
        let Self { rows, codes, panel, epoch, scratch, .. } = self;
        scratch.rows.pick(*rows, &scratch.open);
        let start = Instant::now();
        scratch.scores.compute(scratch.rows.rows(), panel);
        tally.scoring += start.elapsed();
        let Scratch { scores, open, undecided, .. } = &mut **scratch;
        for (i, scores) in open.iter().zip(scores.rows()) {
            let Some(code) = codes.get_mut(*i) else { continue };
            let lanes = Lanes::of(simd, scores);
            assign_row(simd, (*rows, *i), (&lanes, scores), panel, code, (undecided, tally));
            memory.remember(simd, *i, *epoch, (&lanes, scores), rows.length(*i), panel);
        }
        settle(simd, *rows, codes, panel, (undecided, tally));
    }
}

/// Assigns one row by its scores against all codewords; where these leave several open, [`settle`] does it.
#[inline(always)]
fn assign_row<S: Simd>(
    simd: S,
    (rows, i): (RowBlock<'_>, usize),
    scores: (&Lanes, &[f32]),
    panel: &Panel,
    code: &mut u32,
    (undecided, tally): (&mut Vec<(usize, Candidates)>, &mut Tally),
) {
    let (best, limit, candidates) = candidates(simd, scores, (rows.length(i), rows.error(i)), panel);
    tally.scored += 1;
    tally.undecided += u64::from(candidates.count > 1);
    tally.candidates += candidates.count as u64;
    let nearest = match candidates.get() {
        Some([] | [_]) => best,
        Some(_) => {
            prefetch(rows.row(i));
            return undecided.push((i, candidates));
        }
        None => nearest_within(scores.1, limit, rows.row(i), panel).unwrap_or(best),
    };
    tally.changed += u64::from(std::mem::replace(code, nearest) != nearest);
}

/// Assigns the rows that their scores left undecided. They come last, so that they are in the cache by then: scores
/// need only their integers.
#[inline(always)]
fn settle<S: Simd>(
    simd: S,
    rows: RowBlock<'_>,
    codes: &mut [u32],
    panel: &Panel,
    (undecided, tally): (&mut Vec<(usize, Candidates)>, &mut Tally),
) {
    for (i, candidates) in undecided.drain(..) {
        let Some((code, candidates)) = codes.get_mut(i).zip(candidates.get()) else { continue };
        let nearest = nearest_of(simd, candidates, rows.row(i), panel);
        tally.changed += u64::from(std::mem::replace(code, nearest) != nearest);
    }
}
