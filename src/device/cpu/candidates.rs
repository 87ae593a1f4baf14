//! Codewords that the bounds of their scores leave open to a row, and the nearest of them.

use super::bounds::score_at_most;
use super::exact::{approximate_squared_distance, relative_error, squared_distance};
use super::lanes::{Lanes, each_within};
use super::panel::Panel;
use super::rows::RowBlock;
use pulp::Simd;

/// Most candidates that are compared at a time.
const CANDIDATES: usize = 32;
/// Scores that are looked at at a time where there are more candidates.
const PART: usize = CANDIDATES / 2;

/// Codewords that the bounds of their scores leave open.
#[derive(Clone, Copy)]
pub(super) struct OpenCodewords {
    codewords: [u32; CANDIDATES],
    pub(super) count: usize,
}

impl OpenCodewords {
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
    /// The distance of the codeword of the lowest bound lowers the limit: its score mostly lies in the middle between
    /// its bounds, which excludes half of the candidates. A distance in f32 is within e of itself, so where it is d, no
    /// vector as near is farther than `d (1 + 2 e)`. Some of the candidates that are left are as good as the nearest of
    /// them, which then is one of the next ones.
    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> u32 {
        let Self { scores, listed, limit, rows, i, panel } = self;
        let codeword = |at: usize| match listed {
            Some(listed) => listed.get(at).map_or(0, |k| u32::from(*k)),
            None => at as u32,
        };
        let (best, _) = Lanes::of(simd, scores).lowest(simd, scores);
        let row = rows.row(i);
        let distance = approximate_squared_distance(simd, row, panel.codeword(codeword(best) as usize));
        let at_most = f64::from(distance) * (1.0 + 2.0 * f64::from(relative_error(panel.dim())));
        let score = score_at_most(at_most, rows.length(i));
        let limit = if score < limit { score } else { limit };
        let mut open = OpenCodewords::NONE;
        for (p, part) in scores.chunks(PART).enumerate() {
            if open.count > CANDIDATES - PART {
                let nearest = nearest_of(simd, open.get().unwrap_or_default(), row, panel);
                open = OpenCodewords::NONE;
                open.push(nearest);
            }
            each_within(simd, part, limit, |k| open.push(codeword(p * PART + k)));
        }
        nearest_of(simd, open.get().unwrap_or_default(), row, panel)
    }
}
