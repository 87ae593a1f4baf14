//! RQ-VAEs as a kind of model: rows and distances between them are those of the embeddings, codewords lie among the
//! latents.

use super::file::PLUS_NAME;
use super::model::RqVaeModel;
use super::params::RqVae;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::fields::fields;
use crate::origin::Origin;
use crate::quantization::Metric;
use crate::quantizer::{CandidateSink, Costs, EncodeOptions, EncodeReport, Quantizer, Sink, Trainer};
use crate::rows::Rows;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Hidden and latent widths, and rows per step, of a short fit.
const SHORT_WIDTH: usize = 32;
const SHORT_BATCH: usize = 128;

impl Quantizer for RqVaeModel {
    fn kind(&self) -> &'static str {
        if self.has_skip() { PLUS_NAME } else { super::KIND.name }
    }

    fn fingerprint(&self) -> String {
        self.fingerprint()
    }

    fn dim(&self) -> usize {
        self.dim()
    }

    fn clusters(&self) -> Vec<usize> {
        self.quantizer.clusters()
    }

    fn metric(&self) -> Metric {
        Metric::L2
    }

    fn seed(&self) -> u64 {
        self.quantizer.seed()
    }

    fn input_limits(&self) -> Option<[&[f32]; 2]> {
        self.input_limits()
    }

    fn quantized_rows<'a>(&'a self, rows: &'a dyn Rows, device: &Device) -> Result<Box<dyn Rows + 'a>> {
        Ok(Box::new(self.latent_rows(rows, device)?))
    }

    fn encode_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport> {
        self.quantizer.encode_quantized(rows, device, options, sink)
    }

    /// Distances are those between latents.
    fn candidates_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        count: usize,
        sink: &mut CandidateSink<'_>,
    ) -> Result<EncodeReport> {
        self.quantizer.candidates_quantized(rows, device, options, count, sink)
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, device: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, levels, device)
    }

    fn codebook(&self, level: usize) -> Option<&Codebook> {
        self.quantizer.codebook(level)
    }

    fn step(&self) -> f64 {
        self.quantizer.step()
    }

    fn costs<'a>(&'a self, rows: &'a dyn Rows, source: &'a dyn Rows) -> Result<Box<dyn Costs + 'a>> {
        self.quantizer.costs(rows, source)
    }

    fn point(&self, codes: &[u32]) -> Result<Vec<i64>> {
        self.quantizer.point(codes)
    }

    fn relabelled(&self, labels: &[Vec<u32>]) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.relabelled(labels)?))
    }

    fn to_bytes(&self) -> Result<Vec<u8>> {
        self.to_bytes()
    }

    fn config(&self) -> Result<BTreeMap<String, Value>> {
        fields(&self.file_config())
    }

    /// One epoch of a small network.
    fn short_fit(&self, clusters: &[usize], rows: usize) -> Result<Arc<dyn Trainer>> {
        let params = RqVae::new(clusters.len(), clusters).seed(self.quantizer.seed()).hidden([SHORT_WIDTH]);
        let params = params.latent(self.latent_dim().min(SHORT_WIDTH)).width(self.width());
        Ok(Arc::new(params.epochs(1).lr(1e-3).batch(SHORT_BATCH.min(rows)).held_out(0.0)))
    }

    fn origin(&self) -> Option<&Origin> {
        Some(&self.origin)
    }

    fn of_origin(&self, origin: Origin) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(Self { origin, ..self.clone() }))
    }
}
