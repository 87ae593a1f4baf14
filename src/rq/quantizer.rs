//! Residual k-means as a kind of model.

use super::encoding::Encoding;
use super::model::RqKMeansModel;
use super::params::{Metric, RqKMeans};
use super::row_distances::RowDistances;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::Device;
use crate::error::Result;
use crate::fields::fields;
use crate::grid::{Grid, pow2};
use crate::labels::LabelTable;
use crate::origin::Origin;
use crate::quantizer::{
    CandidateSink, Costs, CostsOfRow, EncodeOptions, EncodeReport, FewEncoder, Quantizer, Sink, Trainer,
};
use crate::rows::Rows;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Iterations per level of a short fit.
const SHORT_ITERATIONS: usize = 5;

impl Quantizer for RqKMeansModel {
    fn kind(&self) -> &'static str {
        super::KIND.name
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

    fn seed(&self) -> u64 {
        self.seed
    }

    fn reconstructs(&self) -> bool {
        !self.normalize_residuals()
    }

    fn beam(&self) -> usize {
        self.beam()
    }

    fn encode_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport> {
        Encoding { model: self, options }.run(rows, device, sink)
    }

    fn candidates_quantized(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        count: usize,
        sink: &mut CandidateSink<'_>,
    ) -> Result<EncodeReport> {
        Encoding { model: self, options }.run_candidates(count, rows, device, sink)
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
        self.levels.get(level)
    }

    fn grid(&self) -> Option<&Grid> {
        Some(self.grid())
    }

    fn step(&self) -> f64 {
        pow2(-self.codebook_exponent())
    }

    fn label_tables(&self) -> &[LabelTable] {
        &self.tables
    }

    fn has_prices(&self) -> bool {
        self.prices().is_some()
    }

    fn costs<'a>(&'a self, rows: &'a dyn Rows, source: &'a dyn Rows) -> Result<Box<dyn Costs + 'a>> {
        Ok(Box::new(RowDistances::new(self, rows)?.asking(source)))
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
        let params = RqKMeans::new(clusters.len(), clusters).seed(self.seed).metric(self.metric());
        let params = params.normalize_residuals(self.normalize_residuals());
        let params = if self.beam > 1 { params.refine(1).refine_beam(self.beam) } else { params };
        Ok(Arc::new(params.max_iter(SHORT_ITERATIONS).tol(0.0)))
    }

    fn origin(&self) -> Option<&Origin> {
        Some(&self.origin)
    }

    fn of_origin(&self, origin: Origin) -> Result<Arc<dyn Quantizer>> {
        Ok(Arc::new(self.clone().with_origin(origin)))
    }
}

impl Costs for RowDistances<'_> {
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.distances(row, prefix)
    }

    fn residual(&self, row: usize, prefix: &[u32]) -> Result<Option<Vec<i32>>> {
        self.residual(row, prefix).map(Some)
    }

    fn of_row(&self, row: usize) -> Result<Box<CostsOfRow<'_>>> {
        let products = self.products(row)?;
        Ok(Box::new(move |prefix| match &products {
            Some(products) => products.distances(prefix),
            None => self.distances(row, prefix),
        }))
    }

    fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        self.alike(rows)
    }

    fn go_on(&self) -> Result<()> {
        self.go_on()
    }
}
