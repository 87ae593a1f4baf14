//! Refines the codewords of all levels together, after the last level.
//!
//! # The rule
//! A *round* first moves the codewords of one level after the other, from the first one that is not frozen on, to the
//! exact mean of what the other levels leave of the rows with the code ([`JointSums::means`]); a codeword without rows
//! stays. Then every component of these levels moves by a random integer, within the *noise* of the round. Then all
//! rows are encoded again. The noise shrinks from round to round, and the last round has none. The result is what the
//! round with the smallest squared error of all rows gave, or what there was before the first round; the squared error
//! is an exact integer. Where no codeword moves and there is no noise, the rounds end.
//!
//! Means alone end in the nearest local minimum. Noise makes rows leave codes that they would otherwise keep, and as it
//! shrinks, the levels settle at a smaller error.
//!
//! Rows are encoded by a beam of the width asked for, before the first round as well as after each.
//!
//! # Cost
//! Shards answer with sums by the codes of every level and with the numbers of rows that have two codes together. From
//! these the codewords of all levels follow without a further look at the rows, so a round is one pass over them.
//!
//! # References
//! J. Martinez, S. Zakhmi, H. H. Hoos, J. J. Little, LSQ++: Lower Running Time and Higher Recall in Multi-Codebook
//! Quantization, ECCV 2018: noise on codewords, there called SR-D.

use super::Fit;
use super::work::Unit;
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::error::Result;
use crate::joint::JointSums;
use crate::population::FittedLevel;
use crate::rng::Stream;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// The report of a refinement of all levels together, see [`RqKMeans::refine`](crate::RqKMeans::refine).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refinement {
    /// The width of the beam that encoded the rows.
    pub beam: usize,
    /// The round that left the smallest squared error, whose codewords the model has; 0 where no round lowered it.
    pub rounds: usize,
    /// Squared error per row before the first round, encoded by this beam, in squared units of the embeddings (of the
    /// unit sphere for cosine).
    pub before: f64,
    /// Squared error per row after that round.
    pub squared_error: f64,
}

impl Fit<'_> {
    /// Refines all levels together, if that was asked for.
    pub(super) fn refine(&mut self, callback: Callback<'_>) -> Result<()> {
        let (rounds, beam) = (self.params.refine, self.params.refine_beam);
        if rounds == 0 {
            return Ok(());
        }
        let frozen = self.first.as_ref().map_or(0, |first| first.frozen());
        let loss = if self.quantization.unit_grid() { 0.0 } else { self.loaded.loss.total() };
        let unit = Unit::new(self.residuals.rows(), loss, self.quantization.codebook_exponent());
        let start = Progress::start(self.clusters.len(), rounds);
        let mut progress = Progress { level: self.clusters.len().saturating_sub(1), refinement: true, ..start };
        self.residuals.rewind();
        let mut levels: Vec<Arc<Codebook>> = self.fitted.iter().map(|level| level.codebook.clone()).collect();
        let mut sums = self.residuals.joint(&levels, beam, &mut || report(callback, &progress))?;
        let before = sums.squared_error();
        let (mut best, mut least) = ((levels.clone(), 0), before);
        for round in 1..=rounds {
            let (mut next, moved) = self.moved(&sums, &levels, frozen)?;
            let noise = if frozen < levels.len() { noise(&sums, rounds - round) } else { 0 };
            if noise == 0 && !moved {
                break;
            }
            shake(&mut next, frozen, noise, (self.params.seed, round));
            sums = self.residuals.joint(&next, beam, &mut || report(callback, &progress))?;
            levels = next;
            if sums.squared_error() < least {
                (best, least) = ((levels.clone(), round), sums.squared_error());
            }
            progress.iteration = round;
            progress.squared_error = unit.per_row(sums.squared_error());
            report(callback, &progress)?;
        }
        let (levels, rounds) = best;
        let (before, squared_error) = (unit.per_row(before), unit.per_row(least));
        self.refinement = Some(Refinement { beam, rounds, before, squared_error });
        self.fitted = levels.into_iter().map(|codebook| FittedLevel { codebook, codes: None }).collect();
        Ok(())
    }

    /// Moves the codewords of all levels but the frozen ones to their means; returns whether any has moved.
    fn moved(&self, sums: &JointSums, levels: &[Arc<Codebook>], frozen: usize) -> Result<(Vec<Arc<Codebook>>, bool)> {
        let mut found = Ok((Vec::new(), false));
        self.residuals.device().engine().run(&mut || found = sums.clone().means(levels, frozen));
        found
    }
}

/// The square of a round's noise is the mean squared error of a component, times the number of rounds that follow,
/// divided by this number; benches/RESULTS.md compares it with others.
const COOLING: u128 = 160;
/// The most rounds that count as following. Of more rounds, the first ones have the same noise and the last 20 cool
/// down: noise that went on growing with their number would be as large as the error itself, and lose all.
const MOST_LEFT: usize = 19;

/// Returns the noise of a round that `left` rounds follow, at most [`MOST_LEFT`] of which count: with the squared error
/// E of n rows of D dimensions before the round, it is `isqrt(floor(E / (COOLING n D)) left)`, and at most
/// [`CODEWORDS_MAX`].
fn noise(sums: &JointSums, left: usize) -> i64 {
    let dim = sums.levels().first().map_or(1, |level| level.dim());
    let values = u128::from(sums.rows().max(1)) * dim as u128;
    let squared = (sums.squared_error() / (COOLING * values)).saturating_mul(left.min(MOST_LEFT) as u128);
    squared.isqrt().min(CODEWORDS_MAX as u128) as i64
}

/// Moves every component of the levels that are not frozen, one level after the other, by a uniform integer of at most
/// `noise` in magnitude, and cuts it off at what the other levels leave of [`CODEWORDS_MAX`].
fn shake(levels: &mut [Arc<Codebook>], frozen: usize, noise: i64, (seed, round): (u64, usize)) {
    let mut all = largest_sum(levels.iter().map(|level| &**level));
    for (level, codebook) in levels.iter_mut().enumerate().skip(frozen).filter(|_| noise > 0) {
        let others = all - codebook.largest();
        let room = CODEWORDS_MAX - others;
        let mut stream = Stream::new("refinement", seed, level, round);
        for value in Arc::make_mut(codebook).codewords_mut().flatten() {
            let moved = i64::from(*value) + stream.below(2 * noise as u128 + 1) as i64 - noise;
            // The room is within 2^23, and so is the component.
            *value = moved.clamp(-room, room) as i32;
        }
        all = others + codebook.largest();
    }
}
