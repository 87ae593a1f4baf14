//! Encoding: from rows to codes, a chunk at a time.

use super::chunks::{Sink, each_chunk};
use super::distances::Distances;
use super::encoding::Encoding;
use super::fit::given_codes;
use super::model::RqKMeansModel;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::{Device, FewRows, Purpose, Table};
use crate::error::{Result, try_vec};
use crate::grid::Saturation;
use crate::population::to_grid;
use crate::quantizer::{EncodeOptions, EncodeReport, Quantizer};
use crate::rows::Rows;

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
        let step = device.engine().chunk_rows(rows.dim()).clamp(1, rows.len().max(1));
        let mut chunks = Chunks::new(self, device)?;
        each_chunk(rows, step, &mut |first, values| chunks.encode(first, values), sink)?;
        let Chunks { report, saturation, .. } = chunks;
        Ok(EncodeReport { saturated_values: saturation.values, outliers: saturation.outliers(), ..report })
    }
}

/// Encodes chunks, and counts what the report tells.
struct Chunks<'a> {
    encoding: &'a Encoding<'a>,
    device: &'a Device,
    place: Place,
    /// Grid values of the chunk.
    q: Vec<i32>,
    report: EncodeReport,
    saturation: Saturation,
}

/// Where the codes of a chunk are computed.
enum Place {
    /// In blocks that stay in the cache of a thread through all levels.
    Blocks(Box<dyn FewRows>),
    /// In a table of all rows of a chunk, level by level.
    Table(Option<Box<dyn Table>>),
}

impl<'a> Chunks<'a> {
    fn new(encoding: &'a Encoding<'a>, device: &'a Device) -> Result<Self> {
        let in_table = encoding.options.priced || !encoding.model.tables.is_empty();
        let few = if in_table { None } else { encoding.model.few_rows(device)? };
        let place = few.map_or(Place::Table(None), Place::Blocks);
        let (report, saturation) = (EncodeReport::default(), Saturation::default());
        Ok(Self { encoding, device, place, q: Vec::new(), report, saturation })
    }

    /// The codes (n, L) of rows (n, D), of which the first has the number `first`.
    fn encode(&mut self, first: usize, values: &[f32]) -> Result<Vec<u32>> {
        let Encoding { model, .. } = self.encoding;
        let (quantization, rows) = (&model.quantization, values.len() / model.dim());
        if self.q.len() != values.len() {
            self.q = try_vec(0, values.len(), "a chunk of rows")?;
        }
        let saturated = to_grid(self.device.engine(), quantization, values, &mut self.q);
        self.saturation.merge(Saturation::of(&quantization.grid, values, saturated, |place| first + place));
        let mut codes = try_vec(0, rows * model.levels.len(), "codes")?;
        self.report.rows += rows as u64;
        self.report.settled_rows += match &mut self.place {
            Place::Blocks(blocks) => blocks.encode_many(&self.q, &mut codes),
            Place::Table(table) => {
                let table = match table {
                    Some(table) if table.rows() == rows => table,
                    table => table.insert(self.device.engine().table(rows, model.dim(), Purpose::Encode)?),
                };
                self.encoding.encode_table(&mut **table, &self.q, first, &mut codes)?
            }
        };
        Ok(codes)
    }
}

impl Encoding<'_> {
    /// Writes the codes (n, L) of rows on the grid, of which the first has the number `first`; returns how many
    /// assignments exact distances settled.
    fn encode_table(&self, table: &mut dyn Table, q: &[i32], first: usize, codes: &mut [u32]) -> Result<u64> {
        let labels = self.options.labels.as_ref().map(|labels| labels.part(first..first + table.rows()));
        let levels = &self.model.levels;
        let mut level_codes = try_vec(0, table.rows(), "codes")?;
        let mut settled = 0;
        table.upload(0, q)?;
        for (level, codebook) in levels.iter().enumerate() {
            if self.model.quantization.scales_level(level) {
                table.unit_length()?;
            }
            if let Some(known) = self.model.tables.get(level) {
                let given = labels.as_ref().map(|labels| known.codes(labels, level)).unwrap_or_default();
                level_codes = given_codes(table, codebook, known, &given)?;
                table.set_codes(&level_codes)?;
            }
            settled += match self.prices(level) {
                _ if level < self.model.tables.len() => 0,
                None => table.assign_and_codes(codebook, &mut level_codes)?.settled,
                Some(prices) => assign_priced(table, codebook, prices, &mut level_codes)?,
            };
            let column = codes.iter_mut().skip(level).step_by(levels.len());
            column.zip(&level_codes).for_each(|(code, new)| *code = *new);
            if level + 1 < levels.len() {
                table.subtract(codebook)?;
            }
        }
        Ok(settled)
    }
}

/// Assigns the rows to the cheapest codewords of a level, whose prices are added to the squared distances; returns how
/// many of them exact distances settled.
fn assign_priced(table: &mut dyn Table, codebook: &Codebook, prices: &[i64], codes: &mut Vec<u32>) -> Result<u64> {
    let prices: Vec<i128> = prices.iter().map(|price| i128::from(*price)).collect();
    let cheapest = Distances::new(table, codebook, &[]).cheapest(&prices)?;
    *codes = cheapest.codes;
    table.set_codes(codes)?;
    Ok(cheapest.settled)
}
