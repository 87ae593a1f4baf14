//! Encoding within capacities: all rows at once, the exact optimum of every level.

use super::assigner::each_level;
use super::chunks::Sink;
use super::distances::Distances;
use super::encoding::Encoding;
use super::optimal::Optimal;
use super::params::check_balanced;
use crate::device::{Device, Purpose, Table};
use crate::error::Result;
use crate::grid::pow2;
use crate::population::{Loaded, SourceRows};
use crate::quantizer::EncodeReport;
use crate::rows::Rows;
use crate::transport::balanced::Sizes;

impl Encoding<'_> {
    /// Encodes all rows together, at most `capacity` in each cluster of each level.
    pub(super) fn encode_whole(
        &self,
        capacity: usize,
        rows: &dyn Rows,
        device: &Device,
        sink: Sink<'_>,
    ) -> Result<EncodeReport> {
        let (len, levels, engine) = (rows.len(), self.model.levels(), device.engine());
        let sizes = Sizes { min: 0, max: capacity };
        for (level, codebook) in levels.iter().enumerate() {
            check_balanced(sizes, level, len, codebook.clusters())?;
        }
        let mut report = EncodeReport { rows: len as u64, ..EncodeReport::default() };
        if len == 0 {
            return Ok(report);
        }
        let quantization = &self.model.quantization;
        let unit = pow2(-2 * self.model.codebook_exponent());
        let mut table = engine.table(len, rows.dim(), Purpose::Encode)?;
        let mut loaded = Loaded::default();
        SourceRows::all(rows).load(quantization, engine, &mut *table, Some(&mut loaded), &mut || Ok(()))?;
        report = report.with_saturation(&loaded.saturation);
        let mut rule = |table: &mut dyn Table, level: usize, codes: &mut Vec<u32>| {
            let Some(codebook) = levels.get(level) else { return Ok(0) };
            let prices = self.prices(level).unwrap_or_default();
            Distances::new(table, codebook, prices).check(level)?;
            let mut optimal = Optimal::new(sizes, prices.to_vec());
            optimal.assign(engine, table, codebook)?;
            report.balance.push(optimal.balance(unit));
            *codes = optimal.codes;
            Ok(0)
        };
        let (codes, _) = each_level(&mut *table, &self.model.scaled_levels(), &mut rule)?;
        sink(0, &codes)?;
        Ok(report)
    }
}
