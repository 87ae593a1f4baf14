//! Lengths of rows, and rows as small integers.

use super::bounds::up;
use super::exact::squared_length;
use super::integers::{Scaled, Width, round};

/// Upper bounds of the lengths of rows.
pub(super) struct Lengths<'a> {
    pub(super) rows: &'a [f32],
    pub(super) dim: usize,
    pub(super) lengths: &'a mut [f32],
}

impl pulp::WithSimd for Lengths<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.run();
    }
}

impl Lengths<'_> {
    #[inline(always)]
    pub(super) fn run(self) {
        for (row, length) in self.rows.chunks_exact(self.dim).zip(self.lengths) {
            *length = up(squared_length(row).sqrt() * (1.0 + 1e-12));
        }
    }
}

/// Rounds rows to integers.
pub(super) struct Round<'a> {
    pub(super) width: Width,
    pub(super) rows: &'a [f32],
    pub(super) dim: usize,
    pub(super) lengths: &'a [f32],
    pub(super) words: &'a mut [i32],
    pub(super) scaled: &'a mut [Scaled],
}

impl pulp::WithSimd for Round<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.run();
    }
}

impl Round<'_> {
    #[inline(always)]
    pub(super) fn run(self) {
        let words = self.words.chunks_exact_mut(self.width.words(self.dim)).zip(self.scaled);
        for ((row, length), (words, scaled)) in self.rows.chunks_exact(self.dim).zip(self.lengths).zip(words) {
            *scaled = round(self.width, row, *length, words);
        }
    }
}
