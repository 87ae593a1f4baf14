//! The fitted model: the grid, the codebooks, and what identifies them.

use crate::beam::MOST_WIDTH;
use crate::codebook::{CODEWORDS_MAX, Codebook, largest_sum, relabelled};
use crate::error::{Error, Result};
use crate::grid::Grid;
use crate::io::model_file::hex;
use crate::labels::LabelTable;
use crate::origin::Origin;
use crate::quantization::{Metric, Quantization};
use sha2::{Digest, Sha256};

/// A fitted residual k-means model.
///
/// # Exactness
/// Equal fingerprints mean equal codes for every row, on every device.
#[derive(Clone, Debug, PartialEq)]
pub struct RqKMeansModel {
    pub(super) quantization: Quantization,
    pub(super) levels: Vec<Codebook>,
    pub(super) seed: u64,
    /// One list per level, or none at all.
    pub(super) prices: Vec<Vec<i64>>,
    /// The labels of the first levels, where labels give their codes.
    pub(super) tables: Vec<LabelTable>,
    /// The width of the beam that encodes rows, at least 1.
    pub(super) beam: usize,
    /// Facts in the file that encoding does not need.
    pub(crate) origin: Origin,
}

impl RqKMeansModel {
    /// A model of the given levels, all of one dimension.
    pub(crate) fn new(quantization: Quantization, levels: Vec<Codebook>, seed: u64) -> Result<Self> {
        if largest_sum(&levels) > CODEWORDS_MAX {
            return Err(Error::damaged("the codewords of all levels add up to more than 2^23 grid steps"));
        }
        let (prices, tables) = (Vec::new(), Vec::new());
        Ok(Self { quantization, levels, seed, prices, tables, beam: 1, origin: Origin::default() })
    }

    /// Returns the model with prices, one per codeword, or without prices where `prices` is empty.
    pub(crate) fn with_prices(mut self, prices: Vec<Vec<i64>>) -> Result<Self> {
        let fits = prices.iter().map(Vec::len).eq(self.levels.iter().map(Codebook::clusters));
        if !fits && !prices.is_empty() {
            return Err(Error::damaged("it does not have one price per codeword"));
        }
        self.prices = prices;
        Ok(self)
    }

    /// Returns the model whose first levels have these labels.
    pub(crate) fn with_tables(mut self, tables: Vec<LabelTable>) -> Result<Self> {
        let fits = tables.len() <= self.levels.len()
            && tables.iter().zip(&self.levels).all(|(table, level)| table.len() == level.clusters());
        if !fits || !(tables.is_empty() || self.prices.is_empty()) {
            return Err(Error::damaged("it does not have one label per code"));
        }
        self.tables = tables;
        Ok(self)
    }

    /// Returns the model that encodes by a beam of this width.
    pub(crate) fn with_beam(mut self, beam: usize) -> Result<Self> {
        let greedy = !self.tables.is_empty() || !self.prices.is_empty() || self.normalize_residuals();
        if !(1..=MOST_WIDTH).contains(&beam) || (beam > 1 && greedy) {
            return Err(Error::damaged("it has a beam that no encode takes"));
        }
        self.beam = beam;
        Ok(self)
    }

    /// Returns the width of the beam by which the model encodes unless it is told otherwise: that of the refinement of
    /// its fit, or 1.
    pub fn beam(&self) -> usize {
        self.beam
    }

    /// Returns the labels of the first levels, one table per level whose codes labels give.
    pub fn label_tables(&self) -> &[LabelTable] {
        &self.tables
    }

    /// Returns the model whose code `labels[level][k]` stands for code k of this one; `labels` are permutations.
    pub(crate) fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Self> {
        let levels = self.levels.iter().zip(labels).map(|(level, labels)| level.relabelled(labels)).collect();
        let prices = self.prices.iter().zip(labels).map(|(prices, labels)| relabelled(prices, 1, labels)).collect();
        let tables = self.tables.iter().zip(labels).map(|(table, labels)| table.relabelled(labels));
        let model = Self::new(self.quantization.clone(), levels, self.seed)?.with_prices(prices)?;
        let model = model.with_tables(tables.collect::<Result<_>>()?)?.with_beam(self.beam)?;
        Ok(model.with_origin(self.origin.clone()))
    }

    /// Returns the model with this origin.
    pub(crate) fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// Prices of the codewords of every level, in squared grid steps, where the clusters were balanced: the largest
    /// prices at which every row of the fit had the smallest distance plus price where it was put.
    pub fn prices(&self) -> Option<&[Vec<i64>]> {
        (!self.prices.is_empty()).then_some(&self.prices)
    }

    /// The codebooks, first level first.
    pub fn levels(&self) -> &[Codebook] {
        &self.levels
    }

    /// Number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.quantization.grid.dim()
    }

    /// Clusters per level.
    pub fn clusters(&self) -> Vec<usize> {
        self.levels.iter().map(Codebook::clusters).collect()
    }

    /// The grid that embeddings are put on.
    pub fn grid(&self) -> &Grid {
        &self.quantization.grid
    }

    /// Exponent of the codewords: a component is its grid integer times 2^-exponent.
    pub fn codebook_exponent(&self) -> i32 {
        self.quantization.codebook_exponent()
    }

    /// The metric.
    pub fn metric(&self) -> Metric {
        self.quantization.metric
    }

    /// Whether every level's residuals are scaled to unit length.
    pub fn normalize_residuals(&self) -> bool {
        self.quantization.normalize_residuals
    }

    /// The seed the model was fitted with.
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// SHA-256, in hex, of everything that influences an encode.
    ///
    /// The bytes, integers little endian: `semid rq-kmeans 1` and a zero byte; metric (0 l2, 1 cosine) and
    /// normalize_residuals (0, 1), a byte each; grid exponent and codebook exponent, i32; D and L, u32; K of every
    /// level, u32; the offset, D x f32; the codewords of every level, K x D x i32 grid integers; and, where the model
    /// has prices, those of every level, K x i64. Where labels give the codes of the first levels: `labels` and a zero
    /// byte; the number of such levels, u32; for each of them the number of its codes, u32, and for every code the
    /// length of its label in bytes, u32, and the label in UTF-8. The code of unknown labels has the length 2^32 - 1.
    /// Where the model encodes by a beam wider than 1: `beam` and a zero byte, and its width, u32.
    /// Where rows consist of several blocks, the fingerprint is SHA-256 of this one and of the blocks.
    pub fn fingerprint(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(b"semid rq-kmeans 1\0");
        hash.update([u8::from(self.metric() == Metric::Cosine), u8::from(self.normalize_residuals())]);
        hash.update(self.grid().exponent().to_le_bytes());
        hash.update(self.codebook_exponent().to_le_bytes());
        for number in [self.dim(), self.levels.len()].into_iter().chain(self.clusters()) {
            hash.update((number as u32).to_le_bytes());
        }
        self.grid().offset().iter().for_each(|offset| hash.update(offset.to_le_bytes()));
        for level in &self.levels {
            level.values().iter().for_each(|value| hash.update(value.to_le_bytes()));
        }
        self.prices.iter().flatten().for_each(|price| hash.update(price.to_le_bytes()));
        if !self.tables.is_empty() {
            hash.update(b"labels\0");
            hash.update((self.tables.len() as u32).to_le_bytes());
            self.tables.iter().for_each(|table| table.hash(|bytes| hash.update(bytes)));
        }
        if self.beam > 1 {
            hash.update(b"beam\0");
            hash.update((self.beam as u32).to_le_bytes());
        }
        self.origin.fingerprint(hex(&hash.finalize()))
    }
}
