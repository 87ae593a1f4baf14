//! What a race leaves of a row: its code, a few candidates, or shares of the codewords in which the nearest one is; the
//! contract, the proof and the scalar twin of both filters.
//!
//! # Shares
//! A device divides the codewords into 16 shares: share s has those with `(code / 4) % 16 == s`. The codewords of a
//! share meet in pairs, as the filter says, and leave the lowest value `x`, the second lowest `y` and the code `z` of
//! the lowest. Values are the scores `s_k` for the f32 filter and the lower bounds `l_k <= s_k <= l_k + w_k` for that
//! of bytes; below, `l_k = s_k` and the width `w_k = 0` for f32. Every use of a value is some evaluation of it, within
//! `e` of it (E for f32, g for bytes). The *first* share is one whose `x` is the lowest of all, though nothing depends
//! on that. With its values and its code a, and with R, the bound of arithmetic, which is at least `4 e` for f32 and `6
//! e` for bytes, the limit is `x_a + w_a + R`. A share *has its lowest* where its `x` is not above the limit, and *has
//! its second* where its `y` is not.
//!
//! - No share has its second: the candidates are the codes `z` of all shares that have their lowest. If there is one,
//!   the row is decided. Of up to 6, exact distances choose.
//! - Otherwise, or where there are more: exact distances choose among all codewords of the shares that have their
//!   lowest or their second; among all codewords where `y_a - x_a <= R`.
//!
//! # Why the nearest codewords are never left out
//! *One share.* Let h be the codeword whose value `x` is, and z the code, which may be that of another one where a
//! compiler evaluates a comparison twice.
//!
//! - Every codeword j but z has `y <= l_j + 3 e`. If j is not h, it lost to some i: an evaluation of j was not below
//!   one of i, so `l_i <= l_j + 2 e`, and their meeting left `y <= max(l_i, l_j) + e`. If j is h, it met a codeword
//!   with which it had to share the two places, and one evaluation was in favour of j and one was not: their values are
//!   within 2 e of each other, and the meeting left `y <= l_j + 3 e`.
//! - If z is not h, then `y <= l_z + 3 e` for the same reason: z lost the place of the value. As `y <= l_h + 3 e` too
//!   and `x >= l_h - e`, then also `y - x <= 4 e`.
//! - If z is h, then `x <= l_z + e`.
//!
//! So of every codeword j of a share, `x` or `y` is at most `l_j + 3 e`, and it is `y` unless j is the code of the
//! share.
//!
//! *The limit.* Let m be a nearest codeword, so `s_m <= s_a`. For f32, `x_a` is an evaluation of some score `s_h >=
//! s_m`. If a share's value v is above the limit, `v - x_a > R` gives `v > s_m - e + 4 e`; the roundings of this
//! comparison are among those that the filter counts. For bytes with a = h, `x_a >= l_a - e` gives `v > l_a - e + w_a +
//! 6 e >= s_a + 5 e >= l_m + 5 e`, of which the evaluation of the comparison takes less than 2 e. In both cases v is
//! above `l_m + 3 e`, so it is not the `x` or `y` that is known to be at most that: the share of m has its second, or m
//! is its code and it has its lowest. For bytes with a != h, `y_a - x_a <= 4 e` lies within R, and all codewords are
//! searched.
//!
//! *Few.* Where no share has its second, every nearest codeword is the code of its share, which has its lowest: all of
//! them are candidates. A single candidate is the nearest codeword, and no other is as near.
//!
//! # Duplicates
//! Codewords that equal one with a lower code, and codewords that pad a tile, have values around 2^100, and a share
//! without any codeword has 2^120. The first share has a codeword that takes part, so none of these is within the
//! limit. `settle` compares duplicates with others of their shares by exact distances, where they lose the tie.

use super::bytes::Range;
use super::squared_distance;

/// How many shares there are.
pub(crate) const SHARES: usize = 16;
/// The most candidates of a row.
pub(crate) const MOST: usize = 6;

/// What a race leaves of a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Left {
    Code(usize),
    /// In ascending order.
    Candidates(Vec<usize>),
    /// Shares, in ascending order.
    Shares(Vec<usize>),
}

pub(crate) fn share_of(code: usize) -> usize {
    code / 4 % SHARES
}

/// Returns what a race leaves of a row, by exact ranges of the scores of all codewords that take part.
pub(crate) fn left(ranges: &[Range], rounding: f64) -> Left {
    let mut shares = vec![Vec::new(); SHARES];
    ranges.iter().for_each(|range| shares[share_of(range.code)].push(*range));
    shares.iter_mut().for_each(|share| share.sort_by(|a, b| a.low.total_cmp(&b.low)));
    let lowest = shares.iter().filter_map(|share| share.first()).min_by(|a, b| a.low.total_cmp(&b.low));
    let Some(best) = lowest else { return Left::Shares((0..SHARES).collect()) };
    let within = |range: &&Range| range.low - best.low <= best.width + rounding;
    let mut candidates: Vec<usize> =
        shares.iter().filter_map(|share| share.first().filter(within)).map(|range| range.code).collect();
    let has_second = shares.iter().any(|share| share.get(1).filter(within).is_some());
    candidates.sort_unstable();
    if let [code] = candidates[..]
        && !has_second
    {
        return Left::Code(code);
    }
    if !has_second && candidates.len() <= MOST {
        return Left::Candidates(candidates);
    }
    let own = &shares[share_of(best.code)];
    if own.get(1).is_some_and(|second| second.low - best.low <= rounding) {
        return Left::Shares((0..SHARES).collect());
    }
    let mut open: Vec<usize> = candidates.into_iter().map(share_of).collect();
    open.sort_unstable();
    Left::Shares(open)
}

/// Returns the nearest of some codewords, of equally near ones the one with the lowest code.
///
/// # Shapes
/// `row` (D), `codewords` (K, D), `among` up to K codes in any order, at least one.
///
/// # Exactness
/// Integer distances in u64, and a total order of (distance, code).
pub(crate) fn nearest_of(row: &[i32], codewords: &[i32], among: impl Iterator<Item = usize>) -> Option<usize> {
    let distance = |code: usize| squared_distance(row, &codewords[code * row.len()..][..row.len()]);
    among.map(|code| (distance(code), code)).min().map(|(_, code)| code)
}

#[cfg(test)]
mod tests;
