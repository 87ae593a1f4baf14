//! From lower bounds of scores to proved labels.

use super::exact::{approximate_squared_distance, relative_error, squared_distance};
use super::lanes::{Lanes, each_within};
use super::panel::Panel;
use pulp::Simd;

/// The nearest codeword of a row, and how many codewords the scores left open.
pub(super) struct Nearest {
    pub(super) code: u32,
    pub(super) candidates: u32,
}

/// Most candidates that are compared in f32 first.
const CANDIDATES: usize = 32;

/// Codewords that the bounds of their scores leave open.
#[derive(Clone, Copy)]
pub(super) struct Candidates {
    codewords: [u32; CANDIDATES],
    pub(super) count: usize,
}

impl Candidates {
    pub(super) const NONE: Self = Self { codewords: [0; CANDIDATES], count: 0 };

    #[inline(always)]
    pub(super) fn push(&mut self, k: u32) {
        if let Some(place) = self.codewords.get_mut(self.count) {
            *place = k;
        }
        self.count += 1;
    }

    /// The codewords, if they are not too many to be compared one by one.
    #[inline(always)]
    pub(super) fn get(&self) -> Option<&[u32]> {
        self.codewords.get(..self.count)
    }
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

/// Nearest codeword of `row`, given lower bounds of its scores and the lowest of every lane.
///
/// # Exactness
/// Let b be the codeword with the smallest lower bound, and U the upper bound of its score. A codeword whose lower
/// bound exceeds U is farther than b, proved. If that holds for all others, b is the answer; otherwise the exact
/// distances of b and of the codewords within U decide, the lowest index on a tie.
#[inline(always)]
pub(super) fn nearest<S: Simd>(
    simd: S,
    (lanes, scores): (&Lanes, &[f32]),
    row: &[f32],
    (length, error): (f32, f32),
    panel: &Panel,
) -> Nearest {
    let (best, limit, candidates) = candidates(simd, (lanes, scores), (length, error), panel);
    let code = match candidates.get() {
        Some([] | [_]) => best,
        Some(candidates) => nearest_of(simd, candidates, row, panel),
        None => nearest_within(scores, limit, row, panel).unwrap_or(best),
    };
    Nearest { code, candidates: candidates.count as u32 }
}

/// The codeword of the lowest score, the limit that it sets, and the codewords within this limit.
#[inline(always)]
pub(super) fn candidates<S: Simd>(
    simd: S,
    (lanes, scores): (&Lanes, &[f32]),
    (length, error): (f32, f32),
    panel: &Panel,
) -> (u32, f32, Candidates) {
    let (best, lowest) = lanes.lowest(simd, scores);
    let limit = limit(panel, best, lowest, (length, error));
    let mut candidates = Candidates::NONE;
    each_within(simd, scores, limit, |k| candidates.push(k as u32));
    (best as u32, limit, candidates)
}

/// The nearest of all codewords whose score is at most `limit`, the lowest index on a tie.
#[cold]
pub(super) fn nearest_within(scores: &[f32], limit: f32, row: &[f32], panel: &Panel) -> Option<u32> {
    let open = scores.iter().enumerate().filter(|(_, score)| **score <= limit);
    open.map(|(k, _)| (squared_distance(row, panel.codeword(k)), k as u32)).min().map(|(_, k)| k)
}

/// The nearest of all codewords listed whose score is at most `limit`, the lowest index on a tie.
#[cold]
pub(super) fn nearest_listed(
    (listed, scores): (&[u16], &[f32]),
    limit: f32,
    row: &[f32],
    panel: &Panel,
) -> Option<u32> {
    let open = listed.iter().zip(scores).filter(|(_, score)| **score <= limit).map(|(k, _)| *k);
    open.map(|k| (squared_distance(row, panel.codeword(k.into())), k.into())).min().map(|(_, k)| k)
}

/// The nearest of some codewords, the lowest index on a tie.
///
/// # Exactness
/// Those need no exact distance whose distance in f32 exceeds the smallest one by three relative errors: with errors of
/// e each, a nearest codeword is within `(1 + e) / (1 - e) < 1 + 3 e` of it.
#[inline(always)]
pub(super) fn nearest_of<S: Simd>(simd: S, candidates: &[u32], row: &[f32], panel: &Panel) -> u32 {
    let (mut distances, mut least) = ([0.0; CANDIDATES], f32::INFINITY);
    for (k, distance) in candidates.iter().zip(&mut distances) {
        *distance = approximate_squared_distance(simd, row, panel.codeword(*k as usize));
        least = if *distance < least { *distance } else { least };
    }
    let limit = least * (1.0 + 3.0 * relative_error(panel.dim()));
    let (mut open, mut count) = (0, 0);
    for (k, distance) in candidates.iter().zip(distances) {
        if distance <= limit {
            count += 1;
            open = *k;
        }
    }
    if count == 1 {
        return open;
    }
    let open = candidates.iter().zip(distances).filter(|(_, distance)| *distance <= limit);
    let decided = open.map(|(k, _)| (squared_distance(row, panel.codeword(*k as usize)), *k)).min();
    decided.map_or(0, |(_, k)| k)
}
