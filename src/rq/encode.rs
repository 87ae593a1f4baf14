//! Encoding: from rows to codes, a chunk at a time.

use super::load::to_grid;
use super::model::RqKMeansModel;
use crate::device::{Device, Purpose, Table};
use crate::error::{Error, ErrorKind, Result, try_vec};
use crate::grid::read_finite;
use crate::rows::Rows;

/// Codes of N rows at L levels.
///
/// # Shapes
/// (N, L), row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Codes {
    values: Vec<u32>,
    levels: usize,
}

impl Codes {
    /// Codes over `values`, `levels` per row.
    ///
    /// # Errors
    /// [`ErrorKind::Length`] where the last row would be incomplete.
    pub fn new(values: Vec<u32>, levels: usize) -> Result<Self> {
        if levels == 0 || !values.len().is_multiple_of(levels) {
            return Err(ErrorKind::Length { len: values.len(), dim: levels }.into());
        }
        Ok(Self { values, levels })
    }

    /// Number of rows, N.
    pub fn len(&self) -> usize {
        self.values.len() / self.levels
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    /// Number of levels, L.
    pub fn levels(&self) -> usize {
        self.levels
    }

    /// All codes, row by row.
    pub fn values(&self) -> &[u32] {
        &self.values
    }

    /// Codes of row `row`, if there is such a row.
    pub fn get(&self, row: usize) -> Option<&[u32]> {
        self.rows().nth(row)
    }

    /// The codes of each row.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[u32]> {
        self.values.chunks_exact(self.levels)
    }
}

/// What an encode came across.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EncodeReport {
    /// Rows encoded.
    pub rows: u64,
    /// Row-levels that the device's filter left undecided and exact distances settled.
    pub settled_rows: u64,
    /// Values outside the grid, taken as its largest value.
    pub saturated_values: u64,
}

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
        let levels = self.levels.len();
        let mut values = Vec::new();
        let len = rows.len().saturating_mul(levels);
        let no_memory = |_| ErrorKind::OutOfMemory { what: "codes".into(), bytes: (len as u64).saturating_mul(4) };
        values.try_reserve_exact(len).map_err(no_memory)?;
        self.encode_with(rows, device, |_, codes| {
            values.extend_from_slice(codes);
            Ok(())
        })?;
        Codes::new(values, levels)
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
        let (len, dim) = (rows.len(), rows.dim());
        if dim != self.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.dim(), found: dim }.into());
        }
        let mut report = EncodeReport::default();
        let step = device.engine().chunk_rows(dim).clamp(1, len.max(1));
        let mut chunk = Chunk::new(self, device, step)?;
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if count != chunk.table.rows() {
                chunk = Chunk::new(self, device, count)?;
            }
            sink(first, chunk.encode(self, rows, device, first, &mut report)?)?;
            report.rows += count as u64;
        }
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
        model: &RqKMeansModel,
        rows: &dyn Rows,
        device: &Device,
        first: usize,
        report: &mut EncodeReport,
    ) -> Result<&[u32]> {
        let quantization = &model.quantization;
        read_finite(rows, first, &mut self.values)?;
        report.saturated_values += to_grid(device.engine(), quantization, &self.values, &mut self.q);
        self.table.upload(0, &self.q)?;
        for (level, codebook) in model.levels.iter().enumerate() {
            if quantization.scales_level(level) {
                self.table.unit_length()?;
            }
            report.settled_rows += self.table.assign(codebook)?.settled;
            self.table.codes(&mut self.level_codes)?;
            let column = self.codes.iter_mut().skip(level).step_by(model.levels.len());
            column.zip(&self.level_codes).for_each(|(code, new)| *code = *new);
            if level + 1 < model.levels.len() {
                self.table.subtract(codebook)?;
            }
        }
        Ok(&self.codes)
    }
}
