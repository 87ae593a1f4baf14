//! What a row remembers between two assignments: its nearest codewords and how far away all others are at least.

use super::panel::down;

/// Codewords remembered per row.
pub(super) const NEAR: usize = 16;
/// Lanes of the tournament that finds them.
const LANES: usize = 32;

/// Lower bounds of a row's distances, in grid steps.
///
/// # Exactness
/// Invariant: the distance to a listed codeword is at least its bound, to any other - except the row's own - at least
/// `rest`. Bounds are f32 rounded downwards; movements of codewords, rounded upwards, are subtracted from them
/// (triangle inequality).
///
/// # References
/// J. Drake, G. Hamerly, Accelerated k-means with adaptive distance bounds, OPT 2012.
#[derive(Clone, Copy)]
pub(super) struct Near {
    pub(super) codes: [u16; NEAR],
    pub(super) bounds: [f32; NEAR],
    pub(super) rest: f32,
}

impl Near {
    /// A row about which nothing is known.
    pub(super) const UNKNOWN: Self = Self { codes: [u16::MAX; NEAR], bounds: [0.0; NEAR], rest: 0.0 };

    /// Lists about [`NEAR`] codewords of smallest score for a row of squared length `square`.
    #[inline(always)]
    pub(super) fn from_scores(scores: &[f32], square: f64) -> Self {
        let threshold = threshold(scores);
        let mut near = Self::UNKNOWN;
        let mut lower = [0.0_f32; NEAR];
        let (mut listed, mut rest) = (0, f32::INFINITY);
        for (first, part) in scores.chunks(LANES).enumerate() {
            let low = part.iter().fold(f32::INFINITY, |low, score| if *score < low { *score } else { low });
            if low > threshold {
                rest = rest.min(low);
                continue;
            }
            for (i, score) in part.iter().enumerate() {
                if *score <= threshold && listed < NEAR {
                    near.codes[listed] = (first * LANES + i) as u16;
                    lower[listed] = *score;
                    listed += 1;
                } else {
                    rest = rest.min(*score);
                }
            }
        }
        for (bound, score) in near.bounds.iter_mut().zip(lower).take(listed) {
            *bound = distance(score, square);
        }
        near.rest = distance(rest, square);
        near
    }
}

/// A score below which about as many scores lie as a row remembers: the scores are dealt to 32 lanes, and the 11th
/// smallest of the lanes' minima is taken.
#[inline(always)]
fn threshold(scores: &[f32]) -> f32 {
    let mut lanes = [f32::INFINITY; LANES];
    for part in scores.chunks_exact(LANES) {
        for i in 0..LANES {
            lanes[i] = if part[i] < lanes[i] { part[i] } else { lanes[i] };
        }
    }
    lanes.select_nth_unstable_by(10, f32::total_cmp);
    lanes[10]
}

/// A lower bound of a distance, from the lower bound of the score and the row's squared length.
#[inline(always)]
pub(super) fn distance(score: f32, square: f64) -> f32 {
    // `square` was summed in f64 over at most 8,192 / 16 terms per lane: its relative error is below 2^-43.
    down((f64::from(score) + square * (1.0 - 1.2e-13) - 2.0).max(0.0).sqrt())
}
