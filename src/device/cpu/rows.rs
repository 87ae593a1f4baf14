//! Rows, and what the filter knows of them.

use super::Pool;
use super::bounds::up;
use super::exact::squared_length;
use super::integers::{Scaled, Width, round};
use super::unit::Unit;
use crate::error::{Result, try_vec};
use rayon::prelude::*;

/// Rows that one task measures.
const BLOCK: usize = 252;

/// Some rows.
#[derive(Clone, Copy, Default)]
pub(super) struct Rows<'a> {
    pub(super) dim: usize,
    /// Grid values (n, D) as f32, exact; empty where a [`RowBuffer`] has only the integers.
    pub(super) values: &'a [f32],
    /// Upper bounds of the rows' lengths (n).
    pub(super) lengths: &'a [f32],
    /// The rows as integers, and what belongs to each (n); empty for a filter that multiplies f32.
    pub(super) words: &'a [i32],
    pub(super) scaled: &'a [Scaled],
}

impl<'a> Rows<'a> {
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

    /// Words of a row, and what belongs to it.
    #[inline(always)]
    fn integers(&self, row: usize) -> Option<(&'a [i32], Scaled)> {
        let words = self.words.len() / self.scaled.len().max(1);
        self.words.get(row * words..(row + 1) * words).zip(self.scaled.get(row).copied())
    }
}

/// Rows of a table; what is known of them lasts until they change.
pub(super) struct Held {
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

impl Held {
    /// Rows of zeros.
    pub(super) fn new(rows: usize, dim: usize) -> Result<Self> {
        Ok(Self {
            dim,
            values: try_vec(0.0, rows.saturating_mul(dim), "rows on the grid")?,
            lengths: try_vec(0.0, rows, "lengths")?,
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
            self.words = try_vec(0, rows.saturating_mul(words), "rows as integers")?;
        }
        let scaled = if width.is_some() { rows } else { 0 };
        if self.scaled.len() != scaled {
            self.scaled = try_vec(Scaled::default(), scaled, "rows as integers")?;
        }
        let lengths = self.values.par_chunks(dim * BLOCK).zip(self.lengths.par_chunks_mut(BLOCK));
        pool.run(|| match width {
            None => lengths.for_each(|(rows, lengths)| unit.run(Lengths { rows, dim, lengths })),
            Some(width) => {
                let integers = self.words.par_chunks_mut(words * BLOCK).zip(self.scaled.par_chunks_mut(BLOCK));
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
    pub(super) fn rows(&self, first: usize, count: usize) -> Rows<'_> {
        fn part<T>(list: &[T], first: usize, count: usize, each: usize) -> &[T] {
            let rest = list.get(first * each..).unwrap_or_default();
            rest.get(..count * each).unwrap_or(rest)
        }
        let words = self.words.len() / self.scaled.len().max(1);
        Rows {
            dim: self.dim,
            values: part(&self.values, first, count, self.dim),
            lengths: part(&self.lengths, first, count, 1),
            words: part(&self.words, first, count, words),
            scaled: part(&self.scaled, first, count, 1),
        }
    }

    /// All rows in blocks of `count`.
    pub(super) fn blocks(&self, count: usize) -> impl IndexedParallelIterator<Item = Rows<'_>> {
        let blocks = self.lengths.len().div_ceil(count);
        (0..blocks).into_par_iter().map(move |block| self.rows(block * count, count))
    }
}

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

    /// Adds a row with what the filter multiplies.
    #[inline(always)]
    pub(super) fn push(&mut self, rows: Rows<'_>, row: usize) {
        self.lengths.extend(rows.lengths.get(row));
        match rows.integers(row) {
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

    pub(super) fn rows(&self) -> Rows<'_> {
        let Self { dim, values, lengths, words, scaled } = self;
        Rows { dim: *dim, values, lengths, words, scaled }
    }
}

/// Upper bounds of the lengths of rows.
struct Lengths<'a> {
    rows: &'a [f32],
    dim: usize,
    lengths: &'a mut [f32],
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
    fn run(self) {
        for (row, length) in self.rows.chunks_exact(self.dim).zip(self.lengths) {
            *length = up(squared_length(row).sqrt() * (1.0 + 1e-12));
        }
    }
}

/// Rounds rows to integers.
struct Round<'a> {
    width: Width,
    rows: &'a [f32],
    dim: usize,
    lengths: &'a [f32],
    words: &'a mut [i32],
    scaled: &'a mut [Scaled],
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
    fn run(self) {
        let words = self.words.chunks_exact_mut(self.width.words(self.dim)).zip(self.scaled);
        for ((row, length), (words, scaled)) in self.rows.chunks_exact(self.dim).zip(self.lengths).zip(words) {
            *scaled = round(self.width, row, *length, words);
        }
    }
}
