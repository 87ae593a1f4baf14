//! Derives proved labels from lower bounds of scores.

use super::candidates::{OpenCodewords, nearest_of, nearest_within};
use super::lanes::{Lanes, each_within};
use super::panel::Panel;
use super::rows::RowBlock;
use pulp::Simd;

/// The nearest codeword of a row, and how many codewords the scores left open.
pub(super) struct NearestCode {
    pub(super) code: u32,
    pub(super) candidates: u32,
}

/// The largest lower bound of a score that a codeword may have that is as near as codeword `best`, whose lower bound is
/// the lowest.
///
/// # Exactness
/// It is the upper bound of the score of `best`. Rounded up, so that comparing in f32 keeps every codeword that might
/// be as near.
#[inline(always)]
pub(super) fn limit(panel: &Panel, best: usize, lowest: f32, (length, error): (f32, f32)) -> f32 {
    let upper = panel.upper(best, lowest, length, error);
    (upper + upper.abs() * 1e-6 + 1.0) as f32
}

/// Nearest codeword of row `i`, given lower bounds of its scores and the lowest of every lane.
///
/// # Exactness
/// Let b be the codeword with the smallest lower bound, and U the upper bound of its score. A codeword whose lower
/// bound exceeds U is farther than b, proved. If that holds for all others, b is the answer; otherwise the distances of
/// b and of the codewords within U decide, the lowest index on a tie.
#[inline(always)]
pub(super) fn nearest<S: Simd>(
    simd: S,
    (lanes, scores): (&Lanes, &[f32]),
    (rows, i): (RowBlock<'_>, usize),
    panel: &Panel,
) -> NearestCode {
    let (best, limit, candidates) = candidates(simd, (lanes, scores), (rows.length(i), rows.error(i)), panel);
    let code = match candidates.get() {
        Some([] | [_]) => best,
        Some(candidates) => nearest_of(simd, candidates, rows.row(i), panel),
        None => nearest_within(simd, (scores, None), limit, (rows, i), panel),
    };
    NearestCode { code, candidates: candidates.count as u32 }
}

/// The codeword of the lowest score, the limit that it sets, and the codewords within this limit.
#[inline(always)]
pub(super) fn candidates<S: Simd>(
    simd: S,
    (lanes, scores): (&Lanes, &[f32]),
    (length, error): (f32, f32),
    panel: &Panel,
) -> (u32, f32, OpenCodewords) {
    let (best, lowest) = lanes.lowest(simd, scores);
    let limit = limit(panel, best, lowest, (length, error));
    let mut candidates = OpenCodewords::NONE;
    each_within(simd, scores, limit, |k| candidates.push(k as u32));
    (best as u32, limit, candidates)
}
