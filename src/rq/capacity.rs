//! Encoding within capacities: all rows at once, the exact optimum of every level.

use super::chunks::Sink;
use super::distances::Distances;
use super::encoding::Encoding;
use super::optimal::Optimal;
use super::params::check_balanced;
use crate::device::{Device, Purpose};
use crate::error::{Error, Result, try_vec};
use crate::grid::pow2;
use crate::population::{Loaded, Source};
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
        Source::all(rows).load(quantization, engine, &mut *table, Some(&mut loaded), &mut || Ok(()))?;
        (report.saturated_values, report.outliers) = (loaded.saturation.values, loaded.saturation.outliers());
        let too_many = || Error::parameter("rows", len, "too many");
        let mut codes = try_vec(0, len.checked_mul(levels.len()).ok_or_else(too_many)?, "codes")?;
        for (level, codebook) in levels.iter().enumerate() {
            if quantization.scales_level(level) {
                table.unit_length()?;
            }
            let prices = self.prices(level).unwrap_or_default();
            Distances::new(&mut *table, codebook, prices).check(level)?;
            let mut optimal = Optimal::new(sizes, prices.to_vec());
            optimal.assign(engine, &mut *table, codebook)?;
            report.balance.push(optimal.balance(unit));
            let column = codes.iter_mut().skip(level).step_by(levels.len());
            column.zip(&optimal.codes).for_each(|(code, new)| *code = *new);
            if level + 1 < levels.len() {
                table.subtract(codebook)?;
            }
        }
        sink(0, &codes)?;
        Ok(report)
    }
}
