//! Encoding: from rows to codes, a chunk at a time.

use super::distances::Distances;
use super::encoding::Encoding;
use super::model::RqKMeansModel;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::{Device, Purpose, Table};
use crate::error::{Error, Result, try_vec};
use crate::grid::{Saturation, read_finite};
use crate::population::to_grid;
use crate::quantizer::{EncodeOptions, EncodeReport, Quantizer};
use crate::rows::Rows;

/// Receives the number of a first row and the codes of a chunk.
pub(super) type Sink<'a> = &'a mut dyn FnMut(usize, &[u32]) -> Result<()>;

impl RqKMeansModel {
    /// Codes of all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Exactness
    /// A row's codes depend on the row and the model alone: not on the device, the batch or the other rows.
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and what devices and sources can meet.
    pub fn encode(&self, rows: &dyn Rows, device: &Device) -> Result<Codes> {
        Quantizer::encode(self, rows, device)
    }

    /// Encodes in constant memory: `sink` receives the number of the first row and the codes (n, L) of a chunk, in
    /// the order of the rows.
    ///
    /// # Errors
    /// As for [`RqKMeansModel::encode`], and whatever `sink` returns.
    pub fn encode_with(
        &self,
        rows: &dyn Rows,
        device: &Device,
        mut sink: impl FnMut(usize, &[u32]) -> Result<()>,
    ) -> Result<EncodeReport> {
        self.encode_quantized(rows, device, &EncodeOptions::default(), &mut sink)
    }
}

impl Encoding<'_> {
    /// Encodes row by row: in chunks, whose size changes nothing.
    pub(super) fn encode_chunks(&self, rows: &dyn Rows, device: &Device, sink: Sink<'_>) -> Result<EncodeReport> {
        let len = rows.len();
        let (mut report, mut saturation) = (EncodeReport::default(), Saturation::default());
        let step = device.engine().chunk_rows(rows.dim()).clamp(1, len.max(1));
        let mut chunk = Chunk::new(self.model, device, step)?;
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if count != chunk.table.rows() {
                chunk = Chunk::new(self.model, device, count)?;
            }
            sink(first, chunk.encode(self, rows, device, first, (&mut report, &mut saturation))?)?;
            report.rows += count as u64;
        }
        (report.saturated_values, report.outliers) = (saturation.values, saturation.outliers());
        Ok(report)
    }
}

/// Buffers for the rows of one chunk.
struct Chunk {
    values: Vec<f32>,
    q: Vec<i32>,
    table: Box<dyn Table>,
    level_codes: Vec<u32>,
    codes: Vec<u32>,
}

impl Chunk {
    fn new(model: &RqKMeansModel, device: &Device, rows: usize) -> Result<Self> {
        let values = rows.checked_mul(model.dim()).ok_or_else(|| Error::parameter("rows", rows, "too many"))?;
        Ok(Self {
            values: try_vec(0.0, values, "a chunk of rows")?,
            q: try_vec(0, values, "a chunk of rows")?,
            table: device.engine().table(rows, model.dim(), Purpose::Encode)?,
            level_codes: vec![0; rows],
            codes: vec![0; rows * model.levels.len()],
        })
    }

    fn encode(
        &mut self,
        encoding: &Encoding<'_>,
        rows: &dyn Rows,
        device: &Device,
        first: usize,
        (report, saturation): (&mut EncodeReport, &mut Saturation),
    ) -> Result<&[u32]> {
        let model = encoding.model;
        let quantization = &model.quantization;
        read_finite(rows, first, &mut self.values)?;
        let saturated = to_grid(device.engine(), quantization, &self.values, &mut self.q);
        saturation.merge(Saturation::of(&quantization.grid, &self.values, saturated, |place| first + place));
        self.table.upload(0, &self.q)?;
        for (level, codebook) in model.levels.iter().enumerate() {
            if quantization.scales_level(level) {
                self.table.unit_length()?;
            }
            report.settled_rows += match encoding.prices(level) {
                None => self.assign(codebook)?,
                Some(prices) => self.assign_priced(codebook, prices)?,
            };
            let column = self.codes.iter_mut().skip(level).step_by(model.levels.len());
            column.zip(&self.level_codes).for_each(|(code, new)| *code = *new);
            if level + 1 < model.levels.len() {
                self.table.subtract(codebook)?;
            }
        }
        Ok(&self.codes)
    }

    /// Assigns the rows to the nearest codewords of a level; returns how many of them exact distances settled.
    fn assign(&mut self, codebook: &Codebook) -> Result<u64> {
        let settled = self.table.assign_and_codes(codebook, &mut self.level_codes)?.settled;
        Ok(settled)
    }

    /// Assigns the rows to the cheapest codewords of a level, whose prices are added to the squared distances; returns
    /// how many of them exact distances settled.
    fn assign_priced(&mut self, codebook: &Codebook, prices: &[i64]) -> Result<u64> {
        let prices: Vec<i128> = prices.iter().map(|price| i128::from(*price)).collect();
        let cheapest = Distances::new(&mut *self.table, codebook, &[]).cheapest(&prices)?;
        self.level_codes = cheapest.codes;
        self.table.set_codes(&self.level_codes)?;
        Ok(cheapest.settled)
    }
}
