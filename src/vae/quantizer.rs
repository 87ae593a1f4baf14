//! RQ-VAEs as a kind of model: rows and distances between them are those of the embeddings, codewords lie among the
//! latents.

use super::model::RqVaeModel;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::origin::{Origin, fields};
use crate::quantizer::{Costs, EncodeOptions, Quantizer, Sink};
use crate::rows::Rows;
use crate::rq::{EncodeReport, Metric};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

impl Quantizer for RqVaeModel {
    fn kind(&self) -> &'static str {
        if self.has_skip() { "rq-kmeans-plus" } else { super::KIND.name }
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

    fn origin(&self) -> Option<&Origin> {
        Some(&self.origin)
    }

    fn of_origin(&self, origin: Origin) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(Self { origin, ..self.clone() }))
    }
}
