//! Kinds of models: what a model of any kind can do, and how one is trained.
//!
//! Metrics, registries, alignment, sweeps, reports and commands know a kind by the traits [`Quantizer`] and [`Trainer`]
//! alone.

mod candidates;
mod costs;
mod encode;
mod few;
mod kind;
mod parameters;
mod trainer;
mod training;

pub(crate) use candidates::CandidateSink;
pub use candidates::Candidates;
pub use costs::Costs;
pub(crate) use costs::{Asking, CostsOfRow, alike};
pub use encode::{EncodeOptions, EncodeReport};
pub(crate) use encode::{Sink, collect};
pub use few::FewEncoder;
pub(crate) use kind::Kind;
pub use parameters::Parameters;
pub use trainer::{TrainOption, TrainOptions, Trainer};
pub(crate) use trainer::{no_model_to_freeze, train};
pub(crate) use training::Tell;
pub use training::{FinishedTraining, FirstLevels, Training, TrainingProgress, TrainingReport};

use crate::blocks::Blocks;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::grid::Grid;
use crate::io::Provenance;
use crate::labels::LabelTable;
use crate::origin::Origin;
use crate::quantization::Metric;
use crate::rows::Rows;
use serde_json::Value;
use std::any::Any;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A model that turns rows into codes and codes into rows, whatever its kind.
///
/// Every kind of model of this crate implements it, and [`Model`](crate::Model) holds one of any kind. Implement it to
/// measure a model of your own, for example with [`Evaluation`](crate::metrics::Evaluation): this needs the methods
/// without a default. A method that a kind does not provide returns [`ErrorKind::Unsupported`].
pub trait Quantizer: Any + Send + Sync {
    /// Returns the name of the kind, such as `rq-kmeans`.
    fn kind(&self) -> &'static str;

    /// Returns the SHA-256, in hex, of everything that influences an encode.
    fn fingerprint(&self) -> String;

    /// Returns the number of dimensions of a row, D.
    fn dim(&self) -> usize;

    /// Returns the number of clusters of every level, (L).
    fn clusters(&self) -> Vec<usize>;

    /// Returns the metric of distances between rows.
    fn metric(&self) -> Metric;

    /// Encodes [`Quantizer::quantized_rows`] in constant memory: `sink` receives the chunks in the order of the rows.
    ///
    /// # Errors
    /// Errors of the rows, the device and the source, and every error that `sink` returns.
    fn encode_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport>;

    /// Decodes the first `levels` levels of all codes to rows; `device` runs the decoder of a kind that has one.
    ///
    /// # Shapes
    /// `codes` (N, L) gives values (N, D), row by row; `levels` is 1 to L.
    ///
    /// # Errors
    /// Codes or levels that the model does not have, [`ErrorKind::Undecodable`], and errors of the device.
    fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>>;

    /// Decodes as [`Quantizer::decode_levels`] does, but gives the largest f32 in place of values beyond it where a
    /// kind can; metrics measure these rows.
    ///
    /// # Errors
    /// As for [`Quantizer::decode_levels`].
    fn decode_saturated(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, levels, device)
    }

    /// Returns the number of levels, L.
    fn levels(&self) -> usize {
        self.clusters().len()
    }

    /// Returns how many of the first levels build on each other, so that items with a longer common prefix of their
    /// codes are more alike. The codes of all levels after these say nothing of each other.
    fn hierarchical_levels(&self) -> usize {
        self.levels()
    }

    /// Returns the seed of the fit.
    fn seed(&self) -> u64 {
        0
    }

    /// Whether decoding gives the rows back, apart from an error; rows of unit length for the cosine metric.
    fn reconstructs(&self) -> bool {
        true
    }

    /// Returns the rows that codewords are compared with: `rows` themselves, or latents, which are computed when they
    /// are read.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`], and errors of the device.
    fn quantized_rows<'a>(&'a self, rows: &'a dyn Rows, device: &Device) -> Result<Box<dyn Rows + 'a>> {
        let _ = device;
        Ok(Box::new(rows))
    }

    /// Encodes rows that [`Quantizer::quantized_rows`] returned.
    ///
    /// # Errors
    /// As for [`Quantizer::encode`].
    fn encode_given(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        collect(self.levels(), rows.len(), |sink| {
            self.encode_quantized(rows, device, &EncodeOptions::default(), sink).map(drop)
        })
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
    /// Errors of the rows, the device and the source.
    fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        self.encode_given(&self.quantized_rows(rows, device)?, device)
    }

    /// Encodes all rows as `options` say.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Errors
    /// As for [`Quantizer::encode`], and errors of options that do not fit the model.
    fn encode_by(&self, rows: &dyn Rows, device: &Device, options: &EncodeOptions) -> Result<Codes> {
        let rows = self.quantized_rows(rows, device)?;
        collect(self.levels(), rows.len(), |sink| self.encode_quantized(&rows, device, options, sink).map(drop))
    }

    /// Prepares the model to encode a few rows at a time on `device`; returns none where the kind has nothing better
    /// than [`Quantizer::encode`] for them, or not for these options.
    ///
    /// # Errors
    /// Any error of the device.
    fn few(&self, device: &Device, options: &EncodeOptions) -> Result<Option<Box<dyn FewEncoder>>> {
        let _ = (device, options);
        Ok(None)
    }

    /// Decodes all levels of codes to rows, see [`Quantizer::decode_levels`]; codes may have fewer levels than the
    /// model.
    ///
    /// # Errors
    /// As for [`Quantizer::decode_levels`].
    fn decode(&self, codes: &Codes, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, codes.levels(), device)
    }

    /// Finds the `count` codes of the smallest total distances that a beam finds, for every one of
    /// [`Quantizer::quantized_rows`]: `sink` receives chunks in the order of the rows. The beam is as wide as `count`
    /// unless `options` say otherwise.
    ///
    /// # Errors
    /// Errors of the rows, the device and the source, every error that `sink` returns, [`ErrorKind::Parameter`] for
    /// options that a beam does not go with, and [`ErrorKind::Unsupported`].
    fn candidates_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        count: usize,
        sink: &mut CandidateSink<'_>,
    ) -> Result<EncodeReport> {
        let _ = (rows, device, options, count, sink);
        Err(unsupported(self.kind(), "candidates"))
    }

    /// Returns the codewords of a level, in the space of [`Quantizer::quantized_rows`], for kinds that have codebooks.
    /// Those of a slice have the dimensions of the slice alone.
    fn codebook(&self, level: usize) -> Option<&Codebook> {
        let _ = level;
        None
    }

    /// Returns the grid that rows themselves are put on, for kinds that do so.
    fn grid(&self) -> Option<&Grid> {
        None
    }

    /// Returns the smallest and the largest value of every dimension, (D), at which encoding cuts values off; none for
    /// kinds and models that do not.
    fn input_limits(&self) -> Option<[&[f32]; 2]> {
        None
    }

    /// Returns the width of the beam by which the model encodes unless [`EncodeOptions::beam`] gives another one.
    fn beam(&self) -> usize {
        1
    }

    /// Returns the length of a step of the codewords' grid, in units of [`Quantizer::quantized_rows`].
    fn step(&self) -> f64 {
        1.0
    }

    /// Returns the labels of the first levels, one table per level whose codes labels give; see
    /// [`Encoder::labels`](crate::Encoder::labels).
    fn label_tables(&self) -> &[LabelTable] {
        &[]
    }

    /// Whether every codeword has a price, for [`EncodeOptions::priced`].
    fn has_prices(&self) -> bool {
        false
    }

    /// Returns the distances between `rows`, which [`Quantizer::quantized_rows`] returned, and codewords. The work
    /// reads a row of `source` from time to time, so that a source that is cancelled ends it.
    ///
    /// # Errors
    /// [`ErrorKind::DimMismatch`], [`ErrorKind::Unsupported`].
    fn costs<'a>(&'a self, rows: &'a dyn Rows, source: &'a dyn Rows) -> Result<Box<dyn Costs + 'a>> {
        let _ = (rows, source);
        Err(unsupported(self.kind(), "distances to single codewords"))
    }

    /// Returns the point that codes stand for, in steps of the codewords' grid. Its components are within 2^23, so
    /// distances between points are exact.
    ///
    /// # Errors
    /// [`ErrorKind::Code`] for a code that its level does not have, [`ErrorKind::Unsupported`].
    fn point(&self, codes: &[u32]) -> Result<Vec<i64>> {
        let _ = codes;
        Err(unsupported(self.kind(), "points on a grid"))
    }

    /// Whether codes decode to their [`Quantizer::point`] plus an offset that all rows share, so that distances between
    /// points are those between decoded rows.
    fn decodes_to_points(&self) -> bool {
        false
    }

    /// Returns the model with other labels: code k of a level becomes code `labels[level][k]`. The labels of a level
    /// are a permutation of its codes.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`].
    fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Arc<dyn Quantizer>> {
        let _ = labels;
        Err(unsupported(self.kind(), "other labels"))
    }

    /// Returns the bytes of the model file; equal models have equal bytes.
    ///
    /// # Errors
    /// [`ErrorKind::Range`] where a codeword exceeds f32, [`ErrorKind::Unsupported`].
    fn to_bytes(&self) -> Result<Vec<u8>> {
        Err(unsupported(self.kind(), "model files"))
    }

    /// Returns the fields of the model file's `config`, by name.
    ///
    /// # Errors
    /// None for the kinds of this crate.
    fn config(&self) -> Result<BTreeMap<String, Value>> {
        Ok(BTreeMap::new())
    }

    /// Returns the parameters of the fit, by name, where they were recorded.
    fn parameters(&self) -> Option<&BTreeMap<String, Value>> {
        self.origin()?.parameters.as_ref()
    }

    /// Returns the record of the data that the model was fitted to, where there is one.
    fn provenance(&self) -> Option<&Provenance> {
        self.origin()?.provenance.as_ref()
    }

    /// Returns the blocks that rows consist of, where they have several; rows to encode are those of
    /// [`Blocks::rows`](crate::blocks::Blocks::rows).
    fn blocks(&self) -> Option<&Blocks> {
        self.origin()?.blocks.as_ref()
    }

    /// Returns the parameters of a short fit with `clusters` on `rows` rows, by which devices are compared. It does
    /// what the fit of this model did, with fewer iterations and smaller layers.
    ///
    /// # Errors
    /// [`ErrorKind::Unsupported`].
    fn short_fit(&self, clusters: &[usize], rows: usize) -> Result<Arc<dyn Trainer>> {
        let _ = (clusters, rows);
        Err(unsupported(self.kind(), "short fits"))
    }

    #[doc(hidden)]
    fn origin(&self) -> Option<&Origin> {
        None
    }

    /// Returns the model with this origin.
    #[doc(hidden)]
    fn of_origin(&self, origin: Origin) -> Result<Arc<dyn Quantizer>> {
        let _ = origin;
        Err(unsupported(self.kind(), "records of where they come from"))
    }
}

pub(crate) fn unsupported(kind: &'static str, what: &'static str) -> Error {
    ErrorKind::Unsupported { kind, what }.into()
}
