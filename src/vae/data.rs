//! The rows of a training: standardised, in memory, some of them held out.

use super::judge;
use super::params::RqVae;
use crate::error::{ErrorKind, Result, try_vec};
use crate::grid::{Grid, GridSketch, SATURATION, pow2, quantize_value, read_finite};
use crate::kernel::float::finish;
use crate::rng::{self, Stream};
use crate::rows::Rows;
use std::collections::HashSet;

/// Values read at a time: 4 MiB of f32.
const CHUNK_VALUES: usize = 1 << 20;

/// How embeddings become inputs of the encoder: `(x - offset) scale`, per dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Standard {
    pub(super) offset: Vec<f32>,
    pub(super) scale: Vec<f32>,
}

impl Standard {
    /// Inputs from embeddings, in f64, rounded to f32 once.
    pub(super) fn apply(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.offset.len().max(1)) {
            for ((x, offset), scale) in row.iter_mut().zip(&self.offset).zip(&self.scale) {
                *x = finish(((f64::from(*x) - f64::from(*offset)) * f64::from(*scale)) as f32);
            }
        }
    }

    /// Embeddings from outputs of the decoder: `x / scale + offset` in f64, rounded to f32 once.
    pub(super) fn undo(&self, rows: &mut [f32]) {
        for row in rows.chunks_exact_mut(self.offset.len().max(1)) {
            for ((x, offset), scale) in row.iter_mut().zip(&self.offset).zip(&self.scale) {
                *x = (f64::from(*x) / f64::from(*scale) + f64::from(*offset)) as f32;
            }
        }
    }

    /// Leaves rows as they are.
    pub(super) fn none(dim: usize) -> Self {
        Self { offset: vec![0.0; dim], scale: vec![1.0; dim] }
    }

    /// Mean 0 and variance 1 over all rows; a dimension without variance keeps its scale. Far outliers, which the grid of a
    /// dimension has no room for, count for nothing.
    ///
    /// # Exactness
    /// Every dimension is on a grid of its own ([`GridSketch`]). Sums of grid values and of their squares are exact integers, for
    /// up to 2^64 rows in any order; mean and scale follow from them in f64, each rounded to f32 once.
    fn of(rows: &dyn Rows) -> Result<Self> {
        let dim = rows.dim();
        let mut sketch = GridSketch::new(dim);
        each_chunk(rows, &mut |_, rows| {
            sketch.add_finite(rows);
            Ok(())
        })?;
        let alone = |grid: &Grid| (grid.offset().first().copied().unwrap_or(0.0), grid.exponent());
        let grids: Vec<(f32, i32)> = sketch.grids().iter().map(alone).collect();
        let scales: Vec<(f32, f64)> = grids.iter().map(|(middle, exponent)| (*middle, pow2(*exponent))).collect();
        let mut sums = vec![(0_u64, 0_i128, 0_u128); dim];
        each_chunk(rows, &mut |_, rows| {
            for row in rows.chunks_exact(dim) {
                for (((count, sum, squares), (middle, scale)), x) in sums.iter_mut().zip(&scales).zip(row) {
                    let q = quantize_value(*x, *middle, *scale);
                    if q.abs() == SATURATION {
                        continue;
                    }
                    *count += 1;
                    *sum += i128::from(q);
                    *squares += u128::from(u64::from(q.unsigned_abs()).pow(2));
                }
            }
            Ok(())
        })?;
        let mut standard = Self::none(dim);
        let places = standard.offset.iter_mut().zip(&mut standard.scale).zip(&grids);
        for (((offset, scale), (middle, exponent)), (count, sum, squares)) in places.zip(sums) {
            let count = count.max(1) as f64;
            let (mean, step) = (sum as f64 / count, pow2(-exponent));
            *offset = (f64::from(*middle) + mean * step) as f32 + 0.0;
            let variance = (squares as f64 - sum as f64 * mean).max(0.0) / count;
            let inverse = (1.0 / (variance.sqrt() * step)) as f32;
            *scale = if variance > 0.0 { inverse.clamp(f32::MIN_POSITIVE, f32::MAX) } else { 1.0 };
        }
        Ok(standard)
    }
}

impl RqVae {
    /// Of `rows` rows the number to train on, and that of those held out.
    pub(super) fn split(&self, rows: usize) -> (usize, usize) {
        let used = self.sample.map_or(rows, |sample| sample.min(rows));
        let held_out = ((self.held_out * used as f64) as usize).min(judge::MOST);
        (used - held_out.min(used), held_out)
    }
}

/// Rows to train on and rows to judge by.
pub(super) struct Data {
    pub(super) dim: usize,
    pub(super) standard: Standard,
    /// (N, D), standardised.
    pub(super) train: Vec<f32>,
    /// (H, D), standardised; empty where epochs are judged on the training rows.
    held_out: Vec<f32>,
}

impl Data {
    /// Reads the rows. Held out are those of the sample with the smallest hash of (seed, place in the sample).
    pub(super) fn read(rows: &dyn Rows, params: &RqVae, standard: Option<Standard>) -> Result<Self> {
        let (len, dim) = (rows.len(), rows.dim());
        if len == 0 {
            return Err(ErrorKind::Empty.into());
        }
        let standard = match standard {
            Some(standard) => standard,
            None if params.standardize => Standard::of(rows)?,
            None => Standard::none(dim),
        };
        let used = rng::sample(params.seed, len, params.sample.unwrap_or(len));
        let (_, count) = params.split(len);
        let held: HashSet<usize> = rng::sample(params.seed ^ HELD_OUT, used.len(), count).into_iter().collect();
        let mut data = Self {
            dim,
            standard,
            train: try_vec(0.0, (used.len() - held.len()).saturating_mul(dim), "the rows to train on")?,
            held_out: try_vec(0.0, held.len().saturating_mul(dim), "held-out rows")?,
        };
        let mut train = data.train.chunks_exact_mut(dim);
        let mut held_out = data.held_out.chunks_exact_mut(dim);
        let mut used = used.into_iter().enumerate().peekable();
        let standard = &data.standard;
        each_chunk(rows, &mut |first, chunk| {
            for (i, row) in chunk.chunks_exact(dim).enumerate() {
                let Some((place, _)) = used.next_if(|(_, used)| *used == first + i) else { continue };
                if let Some(place) = if held.contains(&place) { held_out.next() } else { train.next() } {
                    place.copy_from_slice(row);
                    standard.apply(place);
                }
            }
            Ok(())
        })?;
        Ok(data)
    }

    /// Number of rows to train on.
    pub(super) fn len(&self) -> usize {
        self.train.len() / self.dim
    }

    /// The rows that epochs are judged by: those held out, or else the first twentieth of the training rows, but at least
    /// [`JUDGED`] of them.
    pub(super) fn judged(&self) -> &[f32] {
        if !self.held_out.is_empty() {
            return &self.held_out;
        }
        let rows = self.len().min((self.len() / 20).max(JUDGED));
        self.train.get(..rows * self.dim).unwrap_or_default()
    }

    /// Copies of the given training rows, in the given order.
    pub(super) fn gather(&self, rows: &[usize], out: &mut Vec<f32>) {
        out.clear();
        for row in rows {
            out.extend_from_slice(self.train.chunks_exact(self.dim).nth(*row).unwrap_or_default());
        }
    }

    /// The order of the training rows in an epoch: a Fisher-Yates shuffle, which depends on (seed, epoch) alone.
    pub(super) fn order(&self, seed: u64, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        let mut stream = Stream::new("rq-vae order", seed, 0, epoch);
        for i in (1..order.len()).rev() {
            order.swap(i, stream.below(i as u128 + 1) as usize);
        }
        order
    }
}

/// Training rows that epochs are judged by at least, where none are held out.
const JUDGED: usize = 4096;
/// What makes held-out rows others than those that a sample with the same seed takes.
const HELD_OUT: u64 = 0x6865_6c64_206f_7574;

fn each_chunk(rows: &dyn Rows, use_rows: &mut dyn FnMut(usize, &[f32]) -> Result<()>) -> Result<()> {
    let (len, dim) = (rows.len(), rows.dim());
    let step = (CHUNK_VALUES / dim).max(1);
    let mut buffer = try_vec(0.0, step.min(len) * dim, "a chunk of rows")?;
    for first in (0..len).step_by(step) {
        buffer.truncate((len - first).min(step) * dim);
        read_finite(rows, first, &mut buffer)?;
        use_rows(first, &buffer)?;
    }
    Ok(())
}
