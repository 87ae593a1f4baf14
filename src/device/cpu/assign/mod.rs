//! Assignment of a block of rows: all of them against all codewords, or only what movements leave open.

mod bounded;
mod by_codes;
mod changed;
mod listed;
mod near;
mod surrounded;

use super::candidates::{OpenCodewords, nearest_of, nearest_within};
use super::lanes::Lanes;
use super::memory::{FromCodes, Movements, Remember, Remembered};
use super::panel::Panel;
use super::prefetch::prefetch;
use super::row_buffer::RowBuffer;
use super::rows::RowBlock;
use super::scores::Scores;
use super::select::candidates;
use super::tally::Tally;
use crate::clock::Instant;
use by_codes::ByCodes;
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
    undecided: Vec<(usize, OpenCodewords)>,
}

/// What an assignment goes by.
#[derive(Clone, Copy)]
pub(super) struct Knowledge<'a> {
    pub(super) panel: &'a Panel,
    /// The number of this assignment.
    pub(super) epoch: u32,
    pub(super) movements: &'a Movements,
    pub(super) from_codes: &'a FromCodes,
}

/// Assigns the rows of a block: first by their codes, then, where these leave rows open, by what the rows remember.
pub(super) fn assign_block(block: AssignBlock<'_>, known: Knowledge<'_>, scratch: &mut Scratch) -> Tally {
    let AssignBlock { first, rows, codes, memory } = block;
    let (unit, from_codes) = (known.panel.unit, known.from_codes);
    let mut tally = Tally::default();
    let by_codes = !from_codes.is_nothing();
    if by_codes {
        // An operation of its own: in one with the other, the compiler makes slower code of both.
        tally = unit.run(ByCodes { first, rows, codes, panel: known.panel, from_codes, scratch });
    }
    if by_codes && scratch.open.is_empty() {
        return tally;
    }
    tally.plus(unit.run(Assign { rows, codes, memory, known, all: !by_codes, scratch }))
}

/// An assignment with what rows remember, as one operation compiled for this processor's vectors.
struct Assign<'a, 'b> {
    rows: RowBlock<'a>,
    codes: &'b mut [u32],
    memory: Remembered<'a>,
    known: Knowledge<'b>,
    /// Whether all rows are to be assigned, and not the open ones alone.
    all: bool,
    scratch: &'b mut Scratch,
}

impl pulp::WithSimd for Assign<'_, '_> {
    type Output = Tally;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Tally {
        let start = Instant::now();
        let Self { rows, codes, memory, known: Knowledge { panel, epoch, movements, .. }, all, scratch } = self;
        let mut work = AssignInputs { rows, codes, panel, epoch, movements, scratch };
        let tally = match memory {
            Remembered::Nothing if all => work.all(simd),
            Remembered::Nothing => {
                let mut tally = Tally::default();
                work.measure(simd, &mut (), &mut tally);
                tally
            }
            Remembered::Lists(marks) => {
                if all {
                    work.scratch.open.clear();
                    work.scratch.open.extend(0..rows.len());
                }
                work.listed(simd, marks)
            }
            Remembered::Bounds(bounds) => work.bounded(simd, bounds),
        };
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
    fn all<S: Simd>(self, simd: S) -> Tally {
        let Self { rows, codes, panel, scratch, .. } = self;
        let mut tally = Tally::default();
        let start = Instant::now();
        scratch.scores.compute(rows, panel);
        tally.add_scores(rows.len(), panel, start);
        let Scratch { scores, undecided, .. } = scratch;
        for (i, (code, scores)) in codes.iter_mut().zip(scores.rows()).enumerate() {
            assign_row(simd, (rows, i), (&Lanes::of(simd, scores), scores), panel, code, (undecided, &mut tally));
        }
        settle(simd, rows, codes, panel, (undecided, &mut tally));
        tally
    }

    /// Assigns the rows left open by their scores against all codewords, which are remembered.
    #[inline(always)]
    fn measure<S: Simd>(&mut self, simd: S, memory: &mut impl Remember, tally: &mut Tally) {
        let Self { rows, codes, panel, epoch, scratch, .. } = self;
        scratch.rows.pick(*rows, scratch.open.iter().copied());
        let start = Instant::now();
        scratch.scores.compute(scratch.rows.rows(), panel);
        tally.add_scores(scratch.open.len(), panel, start);
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
    (undecided, tally): (&mut Vec<(usize, OpenCodewords)>, &mut Tally),
) {
    let (best, limit, candidates) = candidates(simd, scores, (rows.length(i), rows.error(i)), panel);
    tally.add_row(candidates.count as u64);
    let nearest = match candidates.get() {
        Some([] | [_]) => best,
        Some(_) => {
            prefetch(rows.row(i));
            return undecided.push((i, candidates));
        }
        None => nearest_within(simd, (scores.1, None), limit, (rows, i), panel),
    };
    tally.give(code, nearest);
}

/// Assigns the rows that their scores left undecided. They come last, so that they are in the cache by then: scores
/// need only their integers.
#[inline(always)]
fn settle<S: Simd>(
    simd: S,
    rows: RowBlock<'_>,
    codes: &mut [u32],
    panel: &Panel,
    (undecided, tally): (&mut Vec<(usize, OpenCodewords)>, &mut Tally),
) {
    for (i, candidates) in undecided.drain(..) {
        let Some((code, candidates)) = codes.get_mut(i).zip(candidates.get()) else { continue };
        let nearest = nearest_of(simd, candidates, rows.row(i), panel);
        tally.give(code, nearest);
    }
}
