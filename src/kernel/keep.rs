//! Which rows keep their codes after codewords have moved, so that an assignment races for the others alone.
//!
//! # Contract
//! Every row has the code of its nearest codeword before the movement, the lowest one on a tie. Let c be the codeword
//! of this code, d its squared distance to the row before and d' afterwards. If `d' <= d`, a codeword that has not
//! moved still is farther than c, or as near and of a higher code: only a codeword that has moved can take the row. So
//! a row is
//!
//! - *open* where `d' > d`, or where d is not known because the row got its code in the last assignment: it races for
//!   all codewords;
//! - *challenged* otherwise: it races for the codewords that have moved, and becomes open as well unless each of them
//!   is proved to be farther than c. A row that stays challenged keeps its code.
//!
//! Distances are exact integers ([`super::assign::squared_distance`]), so d and d' are compared without rounding.
//!
//! # The challenge and its proof
//! A device compares what the race leaves for each share of the codewords, `x` the lowest and `y` the second lowest
//! score, with `o`, a value that is not below the score `s_c = (d' - |r|^2) / 2` of the row's own codeword. It keeps
//! the code where both `x - o` and `y - o` exceed the bound by which the filter proves a code, for every share. With
//! the names of the filters' proofs:
//!
//! - *f32.* The bound is at least 4 E. The last winner w of a share has `s_w >= x - E > o + 3 E`, and every other
//!   codeword j of it has `s_j >= y - 3 E > o + E`. The device rounds o, and adds it to the terms of the comparison,
//!   which passes at most 4 roundings of `u |o| <= u (C^2 / 2 + |r| C) <= E / 6`. So `s_w` and `s_j` are above `s_c`.
//! - *bytes.* The bound is at least 6 g. `s_w >= l_w >= x - g > o + 5 g` and `s_j >= l_j >= y - 3 g > o + 3 g`, and 4
//!   roundings of o are within g.
//!
//! Codewords that pad a tile and duplicates have half norms of 2^100 in either race, above every o. A duplicate that
//! has moved is as far as the codeword with the lower code that it equals: either that one has moved and races, or it
//! has not and was farther before, or as near with a higher code than c. Where c itself is a duplicate, the codeword
//! with the lower code that it equals, if that one has moved, has the score of c, which is not proved to be farther:
//! the row is open.
//!
//! # The bound of the own score
//! `d'` and `|r|^2` are u64 below 2^63. The device converts both halves of their difference, which takes at most three
//! roundings of u = 2^-23 of a sum without cancellation, and adds 2^-20 of it, with at most two more: 8 u > 5 u.

/// What is known of a row: its distance from the codeword of its code before codewords moved.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) distance: u64,
    pub(crate) code: u32,
}

/// What becomes of a row.
#[cfg(test)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Any codeword may be nearest.
    Open,
    /// No codeword that has moved is as near as the row's own one, which is nearest.
    Kept,
    /// A codeword that has moved, and equals none with a lower code, is as near or nearer.
    Taken,
}

/// Says what becomes of each row.
///
/// # Shapes
/// `rows` (N, D), `before` and `after` (K, D), `codes` and `known` (N).
#[cfg(test)]
pub(crate) fn fates(
    rows: &[i32],
    [before, after]: [&[i32]; 2],
    dim: usize,
    codes: &[u32],
    known: &[Option<Known>],
) -> Vec<Fate> {
    use super::assign::{is_duplicate, squared_distance};
    let codeword = |code: u32| &after[code as usize * dim..][..dim];
    let moved = |code: &u32| before[*code as usize * dim..][..dim] != *codeword(*code);
    let races = |code: &u32| moved(code) && !is_duplicate(after, dim, *code as usize);
    let movers: Vec<u32> = (0..(after.len() / dim) as u32).filter(races).collect();
    let fate = |((row, code), known): ((&[i32], &u32), &Option<Known>)| {
        let own = squared_distance(row, codeword(*code));
        let rest = known.filter(|known| known.code == *code && own <= known.distance);
        let takes = |other: &u32| *other != *code && squared_distance(row, codeword(*other)) <= own;
        match rest {
            None => Fate::Open,
            Some(_) if movers.iter().any(takes) => Fate::Taken,
            Some(_) => Fate::Kept,
        }
    };
    rows.chunks_exact(dim).zip(codes).zip(known).map(fate).collect()
}
