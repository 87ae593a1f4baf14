//! Assignment of a block of rows: all of them against all codewords, or only what movements leave open.

use super::exact::{approximate_squared_distance, relative_error, squared_distance};
use super::history::Movements;
use super::memory::{Mark, Memory};
use super::panel::Panel;
use super::rows::{RowBuffer, Rows};
use super::scores::Scores;
use super::select::nearest;
use super::tally::Tally;
use crate::device::NO_CODE;
use std::time::Instant;

/// Rows of one block with what is known about them.
pub(super) struct Block<'a> {
    pub(super) rows: Rows<'a>,
    pub(super) codes: &'a mut [u32],
    pub(super) memory: Memory<'a>,
}

/// Buffers of one thread.
#[derive(Default)]
pub(super) struct Scratch {
    scores: Scores,
    open: Vec<usize>,
    rows: RowBuffer,
}

/// [`assign_all`] or, with movements, [`assign_moved`], as one operation compiled for this processor's vectors.
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
    fn with_simd<S: pulp::Simd>(self, _: S) -> Tally {
        let start = Instant::now();
        let tally = match self.block.memory.marks.is_empty() {
            true => self.assign_all(),
            false => self.assign_moved(),
        };
        Tally { assigning: start.elapsed(), ..tally }
    }
}

impl Assign<'_, '_> {
    /// Assigns every row by its scores against all codewords.
    #[inline(always)]
    fn assign_all(self) -> Tally {
        let Self { block, panel, scratch, .. } = self;
        let mut tally = Tally::default();
        let start = Instant::now();
        scratch.scores.compute(block.rows, panel);
        tally.scoring += start.elapsed();
        let scores = scratch.scores.lower.chunks_exact(panel.clusters());
        for (i, (code, scores)) in block.codes.iter_mut().zip(scores).enumerate() {
            assign_row(block.rows, i, scores, panel, code, &mut tally);
        }
        tally
    }

    /// Assigns rows of which some were measured before the codewords moved; the others are measured now.
    ///
    /// # Exactness
    /// A codeword is skipped where a lower bound of its distance exceeds an upper bound of the own one: it is farther,
    /// not even tied. Rows for which too many are left go through their scores against all codewords.
    #[inline(always)]
    fn assign_moved(self) -> Tally {
        let Self { block, panel, epoch, movements, scratch } = self;
        let clusters = panel.clusters();
        let mut tally = Tally::default();
        scratch.open.clear();
        scratch.rows.clear(panel.dim());
        let Memory { marks, bounds } = block.memory;
        let known = block.codes.iter_mut().zip(&*marks).zip(bounds.chunks_exact(clusters));
        for (i, ((code, mark), bounds)) in known.enumerate() {
            let row = block.rows.row(i);
            // No closure: it would not be compiled for the vectors that this function is compiled for.
            let label = match movements.since(mark.epoch) {
                Some(movements) if *code != NO_CODE => update_row(row, *code, *mark, bounds, movements, panel),
                _ => None,
            };
            match label {
                Some(label) => tally.changed += u64::from(std::mem::replace(code, label) != label),
                None => {
                    scratch.open.push(i);
                    scratch.rows.push(block.rows, i);
                }
            }
        }
        let start = Instant::now();
        scratch.scores.compute(scratch.rows.rows(), panel);
        tally.scoring += start.elapsed();
        for (i, scores) in scratch.open.iter().zip(scratch.scores.lower.chunks_exact(clusters)) {
            let place = block.codes.get_mut(*i).zip(marks.get_mut(*i));
            let Some(((code, mark), bounds)) = place.zip(bounds.chunks_exact_mut(clusters).nth(*i)) else { continue };
            assign_row(block.rows, *i, scores, panel, code, &mut tally);
            let length = block.rows.lengths.get(*i).copied().unwrap_or_default();
            *mark = Mark::measure(epoch, scores, length, panel.longest, bounds);
        }
        tally
    }
}

/// Assigns one row by its scores against all codewords.
#[inline(always)]
fn assign_row(rows: Rows<'_>, i: usize, scores: &[f32], panel: &Panel, code: &mut u32, tally: &mut Tally) {
    let length = rows.lengths.get(i).copied().unwrap_or_default();
    let nearest = nearest(scores, rows.row(i), (length, rows.error(i)), panel);
    tally.changed += u64::from(std::mem::replace(code, nearest.code) != nearest.code);
    tally.scored += 1;
    tally.undecided += u64::from(nearest.candidates > 1);
    tally.candidates += u64::from(nearest.candidates);
}

/// Most codewords that a row is compared with one by one.
const CANDIDATES: usize = 14;

/// Finds the code of a row among the codewords that its bounds leave open, or `None` where these are too many.
#[inline(always)]
fn update_row(row: &[f32], code: u32, mark: Mark, bounds: &[u16], movements: &[f32], panel: &Panel) -> Option<u32> {
    let error = relative_error(panel.dim());
    let own = approximate_squared_distance(row, panel.codeword(code as usize));
    // Half of `error` for the root, and more than the roundings of this line and of `each_within`.
    let limit = own.sqrt() * (1.0 + error);
    let (mut candidates, mut count) = ([0_u32; CANDIDATES], 0);
    mark.each_within(bounds, movements, limit, |k| {
        if k as u32 != code {
            if let Some(place) = candidates.get_mut(count) {
                *place = k as u32;
            }
            count += 1;
        }
    });
    if count > CANDIDATES {
        return None;
    }
    // Beyond it two errors apart: certainly farther.
    let limit = own * (1.0 + 3.0 * error);
    let mut best = None;
    for k in candidates.into_iter().take(count) {
        let codeword = panel.codeword(k as usize);
        if approximate_squared_distance(row, codeword) <= limit {
            let own = || (squared_distance(row, panel.codeword(code as usize)), code);
            best = Some(best.unwrap_or_else(own).min((squared_distance(row, codeword), k)));
        }
    }
    Some(best.map_or(code, |(_, label)| label))
}
