//! Scores by vectors of every width beside loops over single ones.

use super::*;
use crate::device::cpu::simd::Simd as Instructions;
use crate::rng::row_hash;

/// The smallest scores by lane, the smallest of all with an index, and the indices within the limit.
struct Found {
    lanes: [f32; LANES],
    lowest: (usize, f32),
    within: Vec<usize>,
}

struct Look<'a>(&'a [f32], f32);

impl pulp::WithSimd for Look<'_> {
    type Output = Found;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Found {
        let Self(scores, limit) = self;
        let (lanes, mut within) = (Lanes::of(simd, scores), Vec::new());
        each_within(simd, scores, limit, |k| within.push(k));
        Found { lowest: lanes.lowest(simd, scores), lanes: lanes.0, within }
    }
}

#[test]
fn vectors_of_every_width_find_what_single_scores_give() {
    for count in [0, 1, 7, 15, 16, 31, 32, 33, 127, 128, 129, 143, 255, 256, 300, 1000] {
        let scores: Vec<f32> = (0..count).map(|k| (row_hash(9, k) % 97) as f32 - 48.0).collect();
        for limit in [-49.0, -48.0, -40.5, 0.0, 48.0, f32::INFINITY] {
            for arch in Instructions::ALL.into_iter().filter_map(Instructions::arch) {
                let found = arch.dispatch(Look(&scores, limit));
                let within: Vec<usize> = (0..scores.len()).filter(|k| scores[*k] <= limit).collect();
                assert_eq!(found.within, within, "{count} scores, {limit}, {arch:?}");
                for (lane, low) in found.lanes.into_iter().enumerate() {
                    let of_lane = scores.iter().skip(lane).step_by(LANES);
                    assert_eq!(low, of_lane.fold(f32::INFINITY, |low, score| low.min(*score)), "{count}, {arch:?}");
                }
                let (k, lowest) = found.lowest;
                assert_eq!(lowest, scores.iter().fold(f32::INFINITY, |low, score| low.min(*score)));
                assert!(scores.is_empty() || scores[k] == lowest, "{count} scores, {arch:?}");
            }
        }
    }
}
