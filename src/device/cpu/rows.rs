//! Rows, and what the filter knows of them.

use super::integers::{Integers, Scaled};

/// Some rows.
#[derive(Clone, Copy, Default)]
pub(super) struct RowBlock<'a> {
    pub(super) dim: usize,
    /// Grid values (n, D) as f32, exact; empty where a buffer has only the integers.
    pub(super) values: &'a [f32],
    /// Upper bounds of the rows' lengths (n).
    pub(super) lengths: &'a [f32],
    /// The rows as integers, and what belongs to each (n); empty for a filter that multiplies f32.
    pub(super) words: &'a [i32],
    pub(super) scaled: &'a [Scaled],
}

impl<'a> RowBlock<'a> {
    pub(super) fn len(&self) -> usize {
        self.lengths.len()
    }

    /// The values of a row.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> &'a [f32] {
        self.values.get(row * self.dim..(row + 1) * self.dim).unwrap_or_default()
    }

    /// Upper bound of the length of a row.
    #[inline(always)]
    pub(super) fn length(&self, row: usize) -> f32 {
        self.lengths.get(row).copied().unwrap_or_default()
    }

    /// Bound of what rounding took from a row: nothing where f32 are multiplied.
    #[inline(always)]
    pub(super) fn error(&self, row: usize) -> f32 {
        self.scaled.get(row).map_or(0.0, |scaled| scaled.error)
    }

    /// The rows as integers.
    #[inline(always)]
    pub(super) fn integers(&self) -> Integers<'a> {
        Integers { lengths: self.lengths, words: self.words, scaled: self.scaled }
    }

    /// Words of a row, and what belongs to it.
    #[inline(always)]
    pub(super) fn words_of(&self, row: usize) -> Option<(&'a [i32], Scaled)> {
        let words = self.words.len() / self.scaled.len().max(1);
        self.words.get(row * words..(row + 1) * words).zip(self.scaled.get(row).copied())
    }
}
