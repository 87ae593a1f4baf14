//! From lower bounds of scores to proved labels.

use super::exact::{approximate_squared_distance, relative_error, squared_distance};
use super::lanes::{LANES, Lanes, each_bit};
use super::panel::Panel;

/// The nearest codeword of a row, and how many codewords the scores left open.
pub(super) struct Nearest {
    pub(super) code: u32,
    pub(super) candidates: u32,
}

/// Most candidates that are compared in f32 first.
const CANDIDATES: usize = 32;

/// Nearest codeword of `row`, given lower bounds of its scores.
///
/// # Exactness
/// Let b be the codeword with the smallest lower bound, and U the upper bound of its score. A codeword whose lower
/// bound exceeds U is farther than b, proved. If that holds for all others, b is the answer; otherwise the exact
/// distances of b and of the codewords within U decide, the lowest index on a tie. Of several candidates those need no
/// exact distance whose distance in f32 exceeds the smallest one by three relative errors: with errors of e each, a
/// nearest codeword is within `(1 + e) / (1 - e) < 1 + 3 e` of it.
#[inline(always)]
pub(super) fn nearest(scores: &[f32], row: &[f32], (length, error): (f32, f32), panel: &Panel) -> Nearest {
    let (best, lowest) = Lanes::of(scores).lowest(scores);
    let upper = panel.upper(best, lowest, length, error);
    // Rounded up, so that comparing in f32 keeps every codeword that might be as near.
    let limit = (upper + upper.abs() * 1e-6 + 1.0) as f32;
    let (mut candidates, mut count) = ([0_u32; CANDIDATES], 0);
    each_within(scores, limit, |k| {
        if let Some(place) = candidates.get_mut(count) {
            *place = k as u32;
        }
        count += 1;
    });
    let code = match candidates.get(..count) {
        Some([] | [_]) => best as u32,
        Some(candidates) => nearest_of(candidates, row, panel),
        None => {
            let open = scores.iter().enumerate().filter(|(_, score)| **score <= limit);
            let decided = open.map(|(k, _)| (squared_distance(row, panel.codeword(k)), k as u32)).min();
            decided.map_or(best as u32, |(_, k)| k)
        }
    };
    Nearest { code, candidates: count as u32 }
}

/// The nearest of some codewords, which are ascending.
#[inline(always)]
fn nearest_of(candidates: &[u32], row: &[f32], panel: &Panel) -> u32 {
    let (mut distances, mut least) = ([0.0; CANDIDATES], f32::INFINITY);
    for (k, distance) in candidates.iter().zip(&mut distances) {
        *distance = approximate_squared_distance(row, panel.codeword(*k as usize));
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

/// Hands over every codeword whose score is at most `limit`, ascending.
#[inline(always)]
fn each_within(scores: &[f32], limit: f32, mut each: impl FnMut(usize)) {
    let (parts, rest) = scores.as_chunks::<LANES>();
    for (p, part) in parts.iter().enumerate() {
        let mut flags = [false; LANES];
        for i in 0..LANES {
            flags[i] = part[i] <= limit;
        }
        each_bit(&flags, |i| each(p * LANES + i));
    }
    for (k, score) in (parts.len() * LANES..).zip(rest) {
        if *score <= limit {
            each(k);
        }
    }
}
