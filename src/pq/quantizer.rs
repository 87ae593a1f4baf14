//! Product codes as a kind of model.

use super::costs::PqCosts;
use super::model::PqKMeansModel;
use super::params::PqKMeans;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::fields::fields;
use crate::grid::{Grid, pow2};
use crate::origin::Origin;
use crate::quantization::Metric;
use crate::quantizer::{Costs, EncodeOptions, EncodeReport, FewEncoder, Quantizer, Sink, Trainer};
use crate::rows::Rows;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Iterations per level of a short fit.
const SHORT_ITERATIONS: usize = 5;

impl Quantizer for PqKMeansModel {
    fn kind(&self) -> &'static str {
        self.name()
    }

    fn fingerprint(&self) -> String {
        self.fingerprint()
    }

    fn dim(&self) -> usize {
        self.dim()
    }

    fn clusters(&self) -> Vec<usize> {
        self.clusters()
    }

    fn metric(&self) -> Metric {
        self.metric()
    }

    /// A single slice has all dimensions, as another residual level would.
    fn hierarchical_levels(&self) -> usize {
        if self.slices.len() == 1 { self.levels() } else { self.residual_levels() }
    }

    fn seed(&self) -> u64 {
        self.seed
    }

    fn encode_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport> {
        self.encode_rows(rows, device, options, sink)
    }

    fn few(&self, device: &Device, options: &EncodeOptions) -> Result<Option<Box<dyn FewEncoder>>> {
        self.few(device, options)
    }

    fn decode_levels(&self, codes: &Codes, levels: usize, _: &Device) -> Result<Vec<f32>> {
        self.decode_levels(codes, levels)
    }

    fn decode_saturated(&self, codes: &Codes, levels: usize, _: &Device) -> Result<Vec<f32>> {
        self.decoder().decode_saturated(codes, levels)
    }

    fn codebook(&self, level: usize) -> Option<&Codebook> {
        self.codebooks().nth(level)
    }

    fn grid(&self) -> Option<&Grid> {
        Some(self.grid())
    }

    fn step(&self) -> f64 {
        pow2(-self.codebook_exponent())
    }

    fn costs<'a>(&'a self, rows: &'a dyn Rows, source: &'a dyn Rows) -> Result<Box<dyn Costs + 'a>> {
        Ok(Box::new(PqCosts::new(self, rows, source)?))
    }

    fn point(&self, codes: &[u32]) -> Result<Vec<i64>> {
        self.decoder().point(codes)
    }

    fn decodes_to_points(&self) -> bool {
        true
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

    fn short_fit(&self, clusters: &[usize], _: usize) -> Result<Arc<dyn Trainer>> {
        let params = PqKMeans::new(clusters.len(), clusters).residual_levels(self.residual_levels());
        Ok(Arc::new(params.seed(self.seed).metric(self.metric()).max_iter(SHORT_ITERATIONS).tol(0.0)))
    }

    fn origin(&self) -> Option<&Origin> {
        Some(&self.origin)
    }

    fn of_origin(&self, origin: Origin) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.clone().with_origin(origin)))
    }
}
