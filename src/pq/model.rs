//! The fitted model: the grid, the codebooks, and what identifies them.

use super::slices::ranges;
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum};
use crate::codes::Codes;
use crate::device::Device;
use crate::encoder::Encoder;
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::io::model_file::hex;
use crate::origin::Origin;
use crate::quantization::{Metric, Quantization};
use crate::quantizer::Quantizer;
use crate::rows::Rows;
use sha2::{Digest, Sha256};
use std::ops::Range;
use std::sync::Arc;

/// A fitted model of product codes: levels of residual k-means, if any, and a codebook for each slice of what these
/// leave.
///
/// # Exactness
/// Equal fingerprints mean equal codes for every row, on every device.
#[derive(Clone, Debug, PartialEq)]
pub struct PqKMeansModel {
    pub(super) quantization: Quantization,
    /// Codebooks (K, D) of the residual levels.
    pub(super) residual: Vec<Codebook>,
    /// Codebooks (K, d) of the slices, d being the dimensions of each; at least one.
    pub(super) slices: Vec<Codebook>,
    /// The dimensions of every slice.
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) seed: u64,
    /// Facts in the file that encoding does not need.
    pub(super) origin: Origin,
}

impl PqKMeansModel {
    /// Makes a model of the given levels.
    pub(super) fn new(
        quantization: Quantization,
        residual: Vec<Codebook>,
        slices: Vec<Codebook>,
        seed: u64,
    ) -> Result<Self> {
        let ranges = ranges(quantization.grid.dim(), slices.len());
        let model = Self { quantization, residual, slices, ranges, seed, origin: Origin::default() };
        let widths = model.ranges.iter().map(|range| range.len());
        if model.slices.is_empty() || !widths.eq(model.slices.iter().map(Codebook::dim)) {
            return Err(Error::damaged("its slices are not those of its dimensions"));
        }
        let largest = model.slices.iter().map(Codebook::largest).max().unwrap_or(0);
        match largest_sum(&model.residual) + largest > CODEWORDS_MAX {
            true => Err(Error::damaged("the codewords of all levels add up to more than 2^23 grid steps")),
            false => Ok(model),
        }
    }

    pub(super) fn with_origin(self, origin: Origin) -> Self {
        Self { origin, ..self }
    }

    /// Returns the number of levels, L: those of the residuals and the slices.
    pub fn levels(&self) -> usize {
        self.residual.len() + self.slices.len()
    }

    /// Returns the number of levels of residual k-means before the slices, R.
    pub fn residual_levels(&self) -> usize {
        self.residual.len()
    }

    /// Returns the codebooks, first level first: those of the residual levels (K, D), then those of the slices (K, d).
    ///
    /// ```
    /// use semid::{Device, Matrix, PqKMeans};
    ///
    /// let values: Vec<f32> = (0..700).map(|i| ((i * 37) % 101) as f32).collect();
    /// let model = PqKMeans::new(3, 8).residual_levels(1).fit(&Matrix::new(&values, 7)?, &Device::cpu())?;
    /// assert_eq!(model.codebooks().map(|codebook| codebook.dim()).collect::<Vec<_>>(), [7, 4, 3]);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn codebooks(&self) -> impl Iterator<Item = &Codebook> {
        self.residual.iter().chain(&self.slices)
    }

    /// Returns the dimensions of every slice, as ranges that follow each other.
    pub fn ranges(&self) -> &[Range<usize>] {
        &self.ranges
    }

    /// Returns the codebook of a level, and the dimensions that it is about.
    pub(super) fn level(&self, level: usize) -> Result<(&Codebook, Range<usize>)> {
        let unknown =
            || Error::parameter("level", level, format!("must be below {}, the levels of the model", self.levels()));
        if let Some(codebook) = self.residual.get(level) {
            return Ok((codebook, 0..self.dim()));
        }
        let slice = level - self.residual.len();
        self.slices.get(slice).zip(self.ranges.get(slice).cloned()).ok_or_else(unknown)
    }

    /// Returns the number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.quantization.grid.dim()
    }

    /// Returns the clusters per level.
    pub fn clusters(&self) -> Vec<usize> {
        self.codebooks().map(Codebook::clusters).collect()
    }

    /// Returns the grid that embeddings are put on.
    pub fn grid(&self) -> &Grid {
        &self.quantization.grid
    }

    /// Returns the exponent of the codewords: a component is its grid integer times 2^-exponent.
    pub fn codebook_exponent(&self) -> i32 {
        self.quantization.codebook_exponent()
    }

    /// Returns the metric.
    pub fn metric(&self) -> Metric {
        self.quantization.metric
    }

    /// Returns the seed that the model was fitted with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// Encodes all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Exactness
    /// A row's codes depend on the row and the model alone: not on the device, the batch or the other rows.
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and errors of the device and of the source.
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        Quantizer::encode(self, rows, device)
    }

    /// Makes an encoder, which can encode a few rows at a time.
    pub fn encoder(&self) -> Encoder {
        Encoder::new(Arc::new(self.clone()))
    }

    /// Returns the model whose code `labels[level][k]` stands for code k of this one; `labels` are permutations.
    pub(super) fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Self> {
        let (residual, slices) = labels.split_at_checked(self.residual.len()).unwrap_or_default();
        let renamed = |levels: &[Codebook], labels: &[Vec<u32>]| {
            levels.iter().zip(labels).map(|(level, labels)| level.relabelled(labels)).collect()
        };
        let (residual, slices) = (renamed(&self.residual, residual), renamed(&self.slices, slices));
        let model = Self::new(self.quantization.clone(), residual, slices, self.seed)?;
        Ok(model.with_origin(self.origin.clone()))
    }

    /// Returns the SHA-256, in hex, of everything that influences an encode.
    ///
    /// The bytes, integers little endian: `semid pq 1` and a zero byte; the metric (0 l2, 1 cosine), a byte; grid
    /// exponent and codebook exponent, i32; D, L and R, u32; K of every level, u32; the offset, D x f32; the codewords
    /// of every level as i32 grid integers, K x D for residual levels and K x d for slices.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"semid pq 1\0");
        hash.update([u8::from(self.metric() == Metric::Cosine)]);
        hash.update(self.grid().exponent().to_le_bytes());
        hash.update(self.codebook_exponent().to_le_bytes());
        let sizes = [self.dim(), self.levels(), self.residual_levels()];
        for number in sizes.into_iter().chain(self.clusters()) {
            hash.update((number as u32).to_le_bytes());
        }
        self.grid().offset().iter().for_each(|offset| hash.update(offset.to_le_bytes()));
        self.codebooks().flat_map(Codebook::values).for_each(|value| hash.update(value.to_le_bytes()));
        self.origin.fingerprint(hex(&hash.finalize()))
    }
}
