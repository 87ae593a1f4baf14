//! Rows of a block in buffers of a thread.

use super::integers::{Scaled, Width};
use super::measure::{Lengths, Round};
use super::rows::RowBlock;

/// Rows picked out for the filter; the memory is reused.
#[derive(Default)]
pub(super) struct RowBuffer {
    dim: usize,
    values: Vec<f32>,
    lengths: Vec<f32>,
    words: Vec<i32>,
    scaled: Vec<Scaled>,
}

impl RowBuffer {
    pub(super) fn clear(&mut self, dim: usize) {
        self.dim = dim;
        self.values.clear();
        self.lengths.clear();
        self.words.clear();
        self.scaled.clear();
    }

    /// Replaces all rows by some of a block, with what the filter multiplies.
    #[inline(always)]
    pub(super) fn pick(&mut self, rows: RowBlock<'_>, picked: impl Iterator<Item = usize>) {
        self.clear(rows.dim);
        for row in picked {
            self.push(rows, row);
        }
    }

    /// Adds a row with what the filter multiplies.
    #[inline(always)]
    pub(super) fn push(&mut self, rows: RowBlock<'_>, row: usize) {
        self.lengths.extend(rows.lengths.get(row));
        match rows.words_of(row) {
            Some((words, scaled)) => {
                self.words.extend_from_slice(words);
                self.scaled.push(scaled);
            }
            None => self.values.extend_from_slice(rows.row(row)),
        }
    }

    /// Replaces all rows by these, which are on the grid and not measured yet.
    pub(super) fn load(&mut self, rows: &[i32], dim: usize) {
        self.clear(dim);
        self.values.extend(rows.iter().map(|q| *q as f32));
    }

    /// Replaces all rows by these grid values, which are not measured yet.
    pub(super) fn load_values(&mut self, values: &[f32], dim: usize) {
        self.clear(dim);
        self.values.extend_from_slice(values);
    }

    /// The values of rows that were loaded, to be changed.
    pub(super) fn values_mut(&mut self) -> &mut [f32] {
        &mut self.values
    }

    /// Measures the rows that were loaded, and rounds them to integers where a filter multiplies such.
    #[inline(always)]
    pub(super) fn measure(&mut self, width: Option<Width>) {
        let Self { dim, values: rows, lengths, words, scaled } = self;
        let count = rows.len() / *dim;
        lengths.resize(count, 0.0);
        Lengths { rows, dim: *dim, lengths }.run();
        if let Some(width) = width {
            words.resize(count * width.words(*dim), 0);
            scaled.resize(count, Scaled::default());
            Round { width, rows, dim: *dim, lengths, words, scaled }.run();
        }
    }

    pub(super) fn rows(&self) -> RowBlock<'_> {
        let Self { dim, values, lengths, words, scaled } = self;
        RowBlock { dim: *dim, values, lengths, words, scaled }
    }
}
