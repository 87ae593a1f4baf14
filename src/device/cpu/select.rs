//! From lower bounds of scores to proved labels.

use super::exact::squared_distance;
use super::lanes::Lanes;
use super::panel::Panel;

/// Nearest codeword of `row`, given lower bounds of its scores; `true` where exact distances had to decide.
///
/// # Exactness
/// Let b be the codeword with the smallest lower bound, and U the upper bound of its score. A codeword whose lower
/// bound exceeds U is farther than b, proved. If that holds for all others, b is the answer; otherwise the exact
/// distances of b and of the codewords within U decide, the lowest index on a tie.
#[inline(always)]
pub(super) fn nearest(
    scores: &[f32],
    lanes: &Lanes,
    row: &[f32],
    (length, error): (f32, f32),
    panel: &Panel,
) -> (u32, bool) {
    let (best, lowest) = lanes.lowest(scores);
    let upper = panel.upper(best, lowest, length, error);
    // Rounded up, so that comparing in f32 keeps every codeword that might be as near.
    let limit = (upper + upper.abs() * 1e-6 + 1.0) as f32;
    let within: u32 = scores.iter().map(|score| u32::from(*score <= limit)).sum();
    if within <= 1 {
        return (best as u32, false);
    }
    let candidates = scores.iter().enumerate().filter(|(_, score)| **score <= limit);
    let decided = candidates.map(|(k, _)| (squared_distance(row, panel.codeword(k)), k as u32)).min();
    (decided.map_or(best as u32, |(_, k)| k), true)
}
