//! Lower bounds of scores from products of integers.

use super::multiply::{Multiply, Task};
use super::{Integers, Scaled};
use crate::device::cpu::bounds::{Coefficients, GROUP};
use crate::device::cpu::pairs::Group;

/// Codewords as integers.
#[derive(Clone, Copy)]
pub(super) struct Columns<'a> {
    /// Words of a codeword.
    pub(super) words: usize,
    /// Words of groups of codewords: group by group, the first word of every codeword of the group, then the second,
    /// ...
    pub(super) groups: &'a [Group],
    /// The words (K, words), codeword by codeword.
    pub(super) codewords: &'a [i32],
    /// Codeword = integers * scale / 2 + rest (K); scales with zeros up to whole groups.
    pub(super) scales: &'a [f32],
}

/// What turns products into scores, in groups of codewords.
#[derive(Clone, Copy)]
pub(super) struct ScoreGroups<'a> {
    scale: &'a [[f32; GROUP]],
    norm: &'a [[f32; GROUP]],
    slope: &'a [[f32; GROUP]],
    tilt: &'a [[f32; GROUP]],
}

impl<'a> ScoreGroups<'a> {
    #[inline(always)]
    pub(super) fn new(scales: &'a [f32], of: &'a Coefficients) -> Self {
        let groups = |list: &'a [f32]| list.as_chunks::<GROUP>().0;
        Self { scale: groups(scales), norm: groups(&of.norm), slope: groups(&of.slope), tilt: groups(&of.tilt) }
    }

    /// `count` groups from group `first` on.
    #[inline(always)]
    fn part(self, first: usize, count: usize) -> Self {
        let part = |groups: &'a [[f32; GROUP]]| &groups[first..][..count];
        Self { scale: part(self.scale), norm: part(self.norm), slope: part(self.slope), tilt: part(self.tilt) }
    }

    /// Turns the products of a row with the codewords of group `g` into lower bounds of scores.
    #[inline(always)]
    fn lower(&self, g: usize, sums: &[i32; GROUP], row: Scaled, length: f32) -> [f32; GROUP] {
        let (scale, norm, slope, tilt) = (&self.scale[g], &self.norm[g], &self.slope[g], &self.tilt[g]);
        let mut scores = [0.0; GROUP];
        for i in 0..GROUP {
            scores[i] = lower(sums[i], (scale[i], norm[i], slope[i], tilt[i]), row, length);
        }
        scores
    }
}

/// Turns the product of a row with a codeword of these coefficients into a lower bound of their score.
#[inline(always)]
fn lower(sum: i32, (scale, norm, slope, tilt): (f32, f32, f32, f32), row: Scaled, length: f32) -> f32 {
    // The product of the integers stands for that of the vectors. The last two terms bound what the rests, which the
    // integers leave, and all roundings can add to it.
    let product = sum as f32 * (scale * row.inverse);
    ((norm - product) - length * slope) - row.error * tilt
}

/// Scores of some rows with all codewords.
pub(super) struct ScoreBuffers<'a> {
    pub(super) columns: Columns<'a>,
    pub(super) rows: Integers<'a>,
    pub(super) of: ScoreGroups<'a>,
    pub(super) out: &'a mut [f32],
}

impl Task for ScoreBuffers<'_> {
    /// Computes the scores in tiles of R rows and G groups, and what is left over by single rows and groups.
    #[inline(always)]
    fn run<M: Multiply, const R: usize, const G: usize>(mut self, multiplier: M) {
        let Columns { words, groups, .. } = self.columns;
        let several = groups.chunks_exact(words * G);
        let single = several.remainder().chunks_exact(words);
        let first_single = several.len() * G;
        for (g, groups) in several.enumerate() {
            self.columns::<M, R, G>(multiplier, g * G, groups);
        }
        for (g, group) in single.enumerate() {
            self.columns::<M, R, 1>(multiplier, first_single + g, group);
        }
    }
}

impl ScoreBuffers<'_> {
    /// Scores of all rows for some groups, of which `first` is the first.
    #[inline(always)]
    fn columns<M: Multiply, const R: usize, const G: usize>(&mut self, multiplier: M, first: usize, groups: &[Group]) {
        let count = self.rows.scaled.len();
        let tiles = count / R;
        for tile in 0..tiles {
            self.tile::<M, R, G>(multiplier, tile * R, first, groups);
        }
        for row in tiles * R..count {
            self.tile::<M, 1, G>(multiplier, row, first, groups);
        }
    }

    /// Scores of R rows from row `row` on for G groups from group `first` on.
    #[inline(always)]
    fn tile<M: Multiply, const R: usize, const G: usize>(
        &mut self,
        multiplier: M,
        row: usize,
        first: usize,
        groups: &[Group],
    ) {
        let words = self.columns.words;
        let (mut rows, mut starts) = ([&[][..]; R], [0; R]);
        for r in 0..R {
            rows[r] = &self.rows.words[(row + r) * words..][..words];
            starts[r] = self.rows.scaled[row + r].start;
        }
        let mut columns = [&[][..]; G];
        for g in 0..G {
            columns[g] = &groups[g * words..][..words];
        }
        let sums = multiplier.multiply(rows, starts, columns);
        let of = self.of.part(first, G);
        let stride = self.columns.scales.len();
        for r in 0..R {
            let (scaled, length) = (self.rows.scaled[row + r], self.rows.lengths[row + r]);
            let out = &mut self.out[(row + r) * stride + first * GROUP..][..G * GROUP];
            for (g, out) in out.as_chunks_mut::<GROUP>().0.iter_mut().enumerate() {
                *out = of.lower(g, &sums[r][g], scaled, length);
            }
        }
    }
}

/// Scores of one row with some codewords.
pub(super) struct FewScores<'a> {
    pub(super) columns: Columns<'a>,
    pub(super) rows: Integers<'a>,
    pub(super) row: usize,
    pub(super) codewords: &'a [u16],
    pub(super) of: &'a Coefficients,
    pub(super) out: &'a mut [f32],
}

impl Task for FewScores<'_> {
    #[inline(always)]
    fn run<M: Multiply, const R: usize, const G: usize>(self, multiplier: M) {
        let Self { columns: Columns { words, codewords, scales, .. }, rows, row, of, .. } = self;
        let (scaled, length) = (rows.scaled[row], rows.lengths[row]);
        let integers = &rows.words[row * words..][..words];
        for (k, out) in self.codewords.iter().zip(self.out) {
            let k = usize::from(*k);
            let sum = multiplier.dot(integers, &codewords[k * words..][..words], scaled.start);
            *out = lower(sum, (scales[k], of.norm[k], of.slope[k], of.tilt[k]), scaled, length);
        }
    }
}
