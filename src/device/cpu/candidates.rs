//! Codewords that the bounds of their scores leave open to a row, and the nearest of them.

use super::bounds::score_at_most;
use super::exact::{approximate_squared_distance, relative_error, squared_distance};
use super::lanes::{Lanes, each_within};
use super::panel::Panel;
use super::rows::RowBlock;
use pulp::Simd;

/// Most candidates that are compared at a time.
const CANDIDATES: usize = 32;
/// Candidates up to which measuring all of them takes less time than waiting for the distance of the first one.
const FEW: usize = 3;
/// Scores that are looked at at a time where there are more candidates.
const PART: usize = CANDIDATES / 2;

/// A codeword that the lower bound of its score leaves open.
#[derive(Clone, Copy)]
pub(super) struct Candidate {
    pub(super) codeword: u32,
    lower: f32,
}

/// Codewords that the bounds of their scores leave open.
#[derive(Clone, Copy)]
pub(super) struct Candidates {
    list: [Candidate; CANDIDATES],
    pub(super) count: usize,
}

impl Candidates {
    pub(super) const NONE: Self = Self { list: [Candidate { codeword: 0, lower: 0.0 }; CANDIDATES], count: 0 };

    /// Adds a codeword with the lower bound of its score, if there is one.
    #[inline(always)]
    pub(super) fn push(&mut self, codeword: u32, lower: Option<&f32>) {
        if let Some(place) = self.list.get_mut(self.count) {
            *place = Candidate { codeword, lower: lower.copied().unwrap_or(f32::NEG_INFINITY) };
        }
        self.count += 1;
    }

    /// The codewords, if they are not too many to be compared one by one.
    #[inline(always)]
    pub(super) fn get(&self) -> Option<&[Candidate]> {
        self.list.get(..self.count)
    }
}

/// The nearest of some codewords, the lowest index on a tie.
///
/// # Exactness
/// Every distance limits the scores of those that are still open ([`measure`]). The codeword of the lowest bound comes
/// first: its score mostly lies in the middle between its bounds, which leaves half of the range of the candidates. Of
/// those measured, no exact distance is needed where the distance in f32 exceeds the smallest one by three relative
/// errors: with errors of e each, a nearest codeword is within `(1 + e) / (1 - e) < 1 + 3 e` of it.
#[inline(always)]
pub(super) fn nearest_of<S: Simd>(
    simd: S,
    candidates: &[Candidate],
    (rows, i): (RowBlock<'_>, usize),
    panel: &Panel,
) -> u32 {
    let Some(first) = lowest(candidates) else { return 0 };
    let (mut least, mut limit) = measure(simd, (rows, i), first, panel);
    if candidates.len() <= FEW {
        limit = f32::INFINITY;
    }
    let (mut measured, mut count) = ([(least, first); CANDIDATES], 1);
    // No closures: they would not be compiled for the vectors that this function is compiled for.
    for Candidate { codeword, lower } in candidates {
        if *lower > limit || *codeword == first {
            continue;
        }
        let (distance, score) = measure(simd, (rows, i), *codeword, panel);
        if let Some(place) = measured.get_mut(count) {
            *place = (distance, *codeword);
            count += 1;
        }
        if distance < least {
            least = distance;
            limit = if score < limit { score } else { limit };
        }
    }
    let measured = measured.get(..count).unwrap_or_default();
    decide(measured, least * (1.0 + 3.0 * relative_error(panel.dim())), rows.row(i), panel)
}

/// The squared distance of a row from a codeword in f32, and a limit of the scores of all vectors that are as near as
/// this codeword.
///
/// # Exactness
/// A distance in f32 is within e of itself, so where it is d, no vector as near is farther than `d (1 + 2 e)`.
#[inline(always)]
pub(super) fn measure<S: Simd>(simd: S, (rows, i): (RowBlock<'_>, usize), codeword: u32, panel: &Panel) -> (f32, f32) {
    let about = approximate_squared_distance(simd, rows.row(i), panel.codeword(codeword as usize));
    let at_most = f64::from(about) * (1.0 + 2.0 * f64::from(relative_error(panel.dim())));
    (about, score_at_most(at_most, rows.length(i)))
}

/// The nearest of the codewords whose distance in f32 is at most `limit`, the lowest index on a tie.
#[inline(always)]
fn decide(measured: &[(f32, u32)], limit: f32, row: &[f32], panel: &Panel) -> u32 {
    let (mut only, mut count) = (0, 0);
    for (distance, k) in measured {
        if *distance <= limit {
            count += 1;
            only = *k;
        }
    }
    if count == 1 {
        return only;
    }
    let open = measured.iter().filter(|(distance, _)| *distance <= limit);
    let decided = open.map(|(_, k)| (squared_distance(row, panel.codeword(*k as usize)), *k)).min();
    decided.map_or(0, |(_, k)| k)
}

/// The codeword of the lowest bound.
#[inline(always)]
fn lowest(candidates: &[Candidate]) -> Option<u32> {
    let mut first = *candidates.first()?;
    for candidate in candidates {
        if candidate.lower < first.lower {
            first = *candidate;
        }
    }
    Some(first.codeword)
}

/// The nearest of all codewords whose score is at most `limit`, the lowest index on a tie. The scores are those of all
/// codewords, or of the ones listed; one is within the limit.
#[inline(always)]
pub(super) fn nearest_within<S: Simd>(
    simd: S,
    (scores, listed): (&[f32], Option<&[u16]>),
    limit: f32,
    (rows, i): (RowBlock<'_>, usize),
    panel: &Panel,
) -> u32 {
    // An operation of its own, which is rarely needed.
    simd.vectorize(Within { scores, listed, limit, rows, i, panel })
}

struct Within<'a> {
    scores: &'a [f32],
    listed: Option<&'a [u16]>,
    limit: f32,
    rows: RowBlock<'a>,
    i: usize,
    panel: &'a Panel,
}

impl pulp::WithSimd for Within<'_> {
    type Output = u32;

    /// # Exactness
    /// As in [`nearest_of`]: the distance of the codeword of the lowest bound lowers the limit. Some candidates are as
    /// good as the nearest of them, which then is one of the next ones.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u32 {
        let Self { scores, listed, limit, rows, i, panel } = self;
        let codeword = |at: usize| match listed {
            Some(listed) => listed.get(at).map_or(0, |k| u32::from(*k)),
            None => at as u32,
        };
        let (best, _) = Lanes::of(simd, scores).lowest(simd, scores);
        let (_, score) = measure(simd, (rows, i), codeword(best), panel);
        let limit = if score < limit { score } else { limit };
        let mut open = Candidates::NONE;
        for (p, part) in scores.chunks(PART).enumerate() {
            if open.count > CANDIDATES - PART {
                let nearest = nearest_of(simd, open.get().unwrap_or_default(), (rows, i), panel);
                open = Candidates::NONE;
                open.push(nearest, None);
            }
            each_within(simd, part, limit, |k| open.push(codeword(p * PART + k), part.get(k)));
        }
        nearest_of(simd, open.get().unwrap_or_default(), (rows, i), panel)
    }
}
