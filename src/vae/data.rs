//! The rows of a training: standardised, in memory, some of them held out.

use super::chunks::each_chunk;
use super::params::RqVae;
use super::standard::Standard;
use crate::device::Device;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::first_reading::ReadOnce;
use crate::grid::Saturation;
use crate::rng::{self, Stream};
use crate::rows::Rows;
use std::collections::HashSet;

/// Most rows that an epoch is validated on.
pub(super) const MOST_VALIDATION_ROWS: usize = 65_536;

impl RqVae {
    /// Splits `rows` rows: returns the number to train on and the number held out.
    pub(super) fn split(&self, rows: usize) -> (usize, usize) {
        let used = self.sample.map_or(rows, |sample| sample.min(rows));
        let held_out = ((self.held_out * used as f64) as usize).min(MOST_VALIDATION_ROWS);
        (used - held_out.min(used), held_out)
    }
}

/// Rows to train on and rows to judge by.
pub(super) struct Data {
    pub(super) dim: usize,
    pub(super) standard: Standard,
    /// The far values of all rows, those that are not trained on included.
    pub(super) saturation: Saturation,
    /// (N, D), standardised.
    pub(super) train: Vec<f32>,
    /// (H, D), standardised; empty where epochs are validated on the training rows.
    held_out: Vec<f32>,
}

impl Data {
    /// Reads the rows; `standard` replaces the standardisation that the parameters ask for, apart from its limits. Held
    /// out are those of the sample with the smallest hash of (seed, place in the sample).
    pub(super) fn read(rows: &dyn Rows, params: &RqVae, standard: Option<Standard>, device: &Device) -> Result<Self> {
        let (len, dim) = (rows.len(), rows.dim());
        if len == 0 {
            return Err(ErrorKind::Empty.into());
        }
        // The rows to train on take as much again.
        let rows = &ReadOnce::new(rows, size_of::<f32>() as u64 * len as u64 * dim as u64, device);
        let (standard, saturation) = match standard {
            None if params.standardize => Standard::of(rows)?,
            standard => standard.unwrap_or_else(|| Standard::none(dim)).limited(rows)?,
        };
        let used = rng::sample(params.seed, len, params.sample.unwrap_or(len))?;
        let (_, count) = params.split(len);
        let held: HashSet<usize> = rng::sample(params.seed ^ HELD_OUT, used.len(), count)?.into_iter().collect();
        let mut data = Self {
            dim,
            standard,
            saturation,
            train: try_zeros((used.len() - held.len()).saturating_mul(dim), "the rows to train on")?,
            held_out: try_zeros(held.len().saturating_mul(dim), "held-out rows")?,
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

    /// The rows that epochs are validated on: those held out, or else the first twentieth of the training rows, but at
    /// least [`LEAST_VALIDATION_ROWS`] of them.
    pub(super) fn validation_rows(&self) -> &[f32] {
        if !self.held_out.is_empty() {
            return &self.held_out;
        }
        let rows = self.len().min((self.len() / 20).max(LEAST_VALIDATION_ROWS));
        self.train.get(..rows * self.dim).unwrap_or_default()
    }

    /// Copies of the given training rows, in the given order.
    pub(super) fn gather(&self, rows: &[usize], out: &mut Vec<f32>) {
        out.clear();
        for row in rows {
            out.extend_from_slice(self.train.chunks_exact(self.dim).nth(*row).unwrap_or_default());
        }
    }

    /// The order of the training rows in an epoch: a shuffle, which depends on (seed, epoch) alone.
    pub(super) fn order(&self, seed: u64, epoch: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.len()).collect();
        Stream::new("rq-vae order", seed, 0, epoch).shuffle(&mut order);
        order
    }
}

/// Training rows that epochs are validated on at least, where none are held out.
const LEAST_VALIDATION_ROWS: usize = 4096;
/// Changes the seed for held-out rows, so that they are not the rows that a sample by the same seed takes.
const HELD_OUT: u64 = 0x6865_6c64_206f_7574;
