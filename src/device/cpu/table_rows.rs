//! The rows of a table.

use super::Pool;
use super::block::ROWS;
use super::integers::{Scaled, Width};
use super::measure::{Lengths, Round};
use super::rows::RowBlock;
use super::unit::Unit;
use crate::error::{Result, try_reserve, try_vec, try_zeros};
use rayon::prelude::*;

/// Rows of a table; what is known of them lasts until they change.
pub(super) struct TableRows {
    dim: usize,
    values: Vec<f32>,
    lengths: Vec<f32>,
    words: Vec<i32>,
    scaled: Vec<Scaled>,
    measured: Option<Measured>,
}

/// What rows were measured for: the integers that a filter multiplies, `None` for f32.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Measured(Option<Width>);

impl TableRows {
    /// Makes rows of zeros.
    pub(super) fn new(rows: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            dim,
            values: try_zeros(rows.saturating_mul(dim), "rows on the grid")?,
            lengths: try_zeros(rows, "lengths")?,
            words: Vec::new(),
            scaled: Vec::new(),
            measured: None,
        })
    }

    pub(super) fn dim(&self) -> usize {
        self.dim
    }

    pub(super) fn values(&self) -> &[f32] {
        &self.values
    }

    /// The values, to be changed.
    pub(super) fn change(&mut self) -> &mut [f32] {
        self.measured = None;
        &mut self.values
    }

    /// The values of a row.
    pub(super) fn row(&self, row: usize) -> &[f32] {
        self.values.get(row * self.dim..(row + 1) * self.dim).unwrap_or_default()
    }

    /// The grid values of some rows, one after the other.
    pub(super) fn gather(&self, rows: &[usize]) -> Result<Vec<i32>> {
        let mut values = Vec::new();
        try_reserve(&mut values, rows.len().saturating_mul(self.dim), "rows on the grid")?;
        // A row at a time, which the compiler turns into vectors, as it does not with all values in one iterator.
        rows.iter().for_each(|row| values.extend(self.row(*row).iter().map(|value| *value as i32)));
        Ok(values)
    }

    /// Upper bounds of the lengths, as far as they are known.
    pub(super) fn lengths(&self) -> &[f32] {
        &self.lengths
    }

    /// Mean of the lengths, as far as they are known.
    pub(super) fn mean_length(&self) -> f64 {
        let total: f64 = self.lengths.iter().map(|length| f64::from(*length)).sum();
        total / self.lengths.len().max(1) as f64
    }

    /// Measures the rows, and rounds them to the integers that the filter multiplies.
    pub(super) fn measure(&mut self, pool: &Pool, unit: Unit) -> Result<()> {
        let width = unit.products.width();
        if self.measured == Some(Measured(width)) {
            return Ok(());
        }
        let (rows, dim) = (self.lengths.len(), self.dim);
        let words = width.map_or(0, |width| width.words(dim));
        if self.words.len() != rows * words {
            self.words = try_zeros(rows.saturating_mul(words), "rows as integers")?;
        }
        let scaled = if width.is_some() { rows } else { 0 };
        if self.scaled.len() != scaled {
            self.scaled = try_vec(Scaled::default(), scaled, "rows as integers")?;
        }
        let lengths = self.values.par_chunks(dim * ROWS).zip(self.lengths.par_chunks_mut(ROWS));
        pool.run(|| match width {
            None => lengths.for_each(|(rows, lengths)| unit.run(Lengths { rows, dim, lengths })),
            Some(width) => {
                let integers = self.words.par_chunks_mut(words * ROWS).zip(self.scaled.par_chunks_mut(ROWS));
                lengths.zip(integers).for_each(|((rows, lengths), (words, scaled))| {
                    unit.run(Lengths { rows, dim, lengths: &mut *lengths });
                    unit.run(Round { width, rows, dim, lengths, words, scaled });
                });
            }
        });
        self.measured = Some(Measured(width));
        Ok(())
    }

    /// Up to `count` rows from row `first` on, measured.
    pub(super) fn rows(&self, first: usize, count: usize) -> RowBlock<'_> {
        fn part<T>(list: &[T], first: usize, count: usize, each: usize) -> &[T] {
            let rest = list.get(first * each..).unwrap_or_default();
            rest.get(..count * each).unwrap_or(rest)
        }
        let words = self.words.len() / self.scaled.len().max(1);
        RowBlock {
            dim: self.dim,
            values: part(&self.values, first, count, self.dim),
            lengths: part(&self.lengths, first, count, 1),
            words: part(&self.words, first, count, words),
            scaled: part(&self.scaled, first, count, 1),
        }
    }

    /// Returns all rows in blocks of `count`, for all threads.
    pub(super) fn blocks(&self, count: usize) -> impl IndexedParallelIterator<Item = RowBlock<'_>> {
        let blocks = self.lengths.len().div_ceil(count);
        (0..blocks).into_par_iter().map(move |block| self.rows(block * count, count))
    }

    /// Returns all rows in blocks of `count`, one after the other.
    pub(super) fn each_block(&self, count: usize) -> impl Iterator<Item = RowBlock<'_>> {
        (0..self.lengths.len()).step_by(count).map(move |first| self.rows(first, count))
    }
}
