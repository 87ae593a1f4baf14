//! Encoding: from rows to codes, a chunk at a time.

use super::assigner::Assigner;
use super::chunks::{Read, Sink, each_chunk};
use super::distances::Distances;
use super::encoding::Encoding;
use super::fit::given_codes;
use super::model::RqKMeansModel;
use super::on_grid::OnGrid;
use crate::codebook::Codebook;
use crate::codes::Codes;
use crate::device::{ChunkEncoder, Device, Encoded, Table};
use crate::error::Result;
use crate::grid::{read_finite, read_finite_in_parts};
use crate::labels::Labels;
use crate::quantization::Quantization;
use crate::quantizer::{EncodeOptions, EncodeReport, Quantizer};
use crate::rows::Rows;

impl RqKMeansModel {
    /// Encodes all rows.
    ///
    /// # Shapes
    /// `rows` (N, D) gives codes (N, L).
    ///
    /// # Exactness
    /// A row's codes depend on the row and the model alone: not on the device, the batch or the other rows.
    ///
    /// # Errors
    /// A wrong dimension, NaN or infinities, and errors of the device and of the source.
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

/// Takes the number of a chunk's first row and the chunk on the grid; returns the codes (n, L), and how many
/// assignments exact distances settled.
pub(crate) type CodesOf<'a> = &'a mut (dyn FnMut(usize, &mut OnGrid<'_>) -> Result<(Vec<u32>, u64)> + Send);

/// Encodes rows in chunks, whose size changes nothing.
pub(crate) fn encode_chunks(
    quantization: &Quantization,
    rows: &dyn Rows,
    device: &Device,
    codes_of: CodesOf<'_>,
    sink: Sink<'_>,
) -> Result<EncodeReport> {
    let mut encode = |first: Option<usize>, on_grid: &mut OnGrid<'_>| {
        let Some(first) = first else { return Ok(None) };
        let (codes, settled) = codes_of(first, on_grid)?;
        Ok(Some((first, codes, settled)))
    };
    let step = device.engine().chunk_rows(rows.dim());
    encode_on_grid(quantization, rows, device, (step, read_finite), &mut encode, sink)
}

/// Chunks that a [`ChunkEncoder`] has in progress: the host prepares one while the device computes another.
const UNDER_WAY: usize = 2;
/// How many values the host prepares at a time: so few that they are in the caches from one step to the next.
const PART_VALUES: usize = 1 << 20;

/// Encodes on a device that takes several chunks at once; the host prepares each in parts.
fn encode_overlapped(
    quantization: &Quantization,
    rows: &dyn Rows,
    device: &Device,
    encoder: &mut dyn ChunkEncoder,
    sink: Sink<'_>,
) -> Result<EncodeReport> {
    let part = (PART_VALUES / rows.dim().max(1)).clamp(1, encoder.chunk_rows().max(1));
    let (mut under_way, mut done) = (0, 0);
    let mut encode = |first: Option<usize>, on_grid: &mut OnGrid<'_>| {
        if first.is_some() {
            under_way += usize::from(encoder.add(&on_grid.q)?);
            if under_way < UNDER_WAY {
                return Ok(None);
            }
        }
        under_way = under_way.saturating_sub(1);
        let Some(Encoded { codes, rows, settled }) = encoder.finish()? else { return Ok(None) };
        let first = done;
        done += rows;
        Ok(Some((first, codes, settled)))
    };
    encode_on_grid(quantization, rows, device, (part, read_finite_in_parts), &mut encode, sink)
}

/// Does what [`chunks::Encode`](super::chunks::Encode) does with chunks on the grid, and also returns how many
/// assignments exact distances settled.
type EncodeOnGrid<'a> =
    &'a mut (dyn FnMut(Option<usize>, &mut OnGrid<'_>) -> Result<Option<(usize, Vec<u32>, u64)>> + Send);

/// Puts chunks on the grid, and counts.
fn encode_on_grid(
    quantization: &Quantization,
    rows: &dyn Rows,
    device: &Device,
    (step, read): (usize, Read),
    encode: EncodeOnGrid<'_>,
    sink: Sink<'_>,
) -> Result<EncodeReport> {
    let step = step.clamp(1, rows.len().max(1));
    let mut on_grid = OnGrid::new(quantization, device);
    let mut report = EncodeReport { rows: rows.len() as u64, ..EncodeReport::default() };
    let mut encode = |chunk: Option<(usize, &[f32])>| {
        if let Some((first, values)) = chunk {
            on_grid.put(first, values)?;
        }
        let encoded = encode(chunk.map(|(first, _)| first), &mut on_grid)?;
        Ok(encoded.map(|(first, codes, settled)| {
            report.settled_assignments += settled;
            (first, codes)
        }))
    };
    each_chunk(rows, (step, read), &mut encode, sink)?;
    Ok(report.with_saturation(&on_grid.saturation))
}

impl Encoding<'_> {
    /// Encodes row by row, without a beam.
    pub(super) fn encode_rows(&self, rows: &dyn Rows, device: &Device, sink: Sink<'_>) -> Result<EncodeReport> {
        let (model, levels) = (self.model, self.model.scaled_levels());
        let by_rule = self.options.priced || !model.tables.is_empty();
        if !by_rule && let Some(mut encoder) = device.engine().chunk_encoder(&levels, rows.len())? {
            return encode_overlapped(&model.quantization, rows, device, &mut *encoder, sink);
        }
        let mut assigner = if by_rule { Assigner::in_tables(levels, device) } else { Assigner::new(levels, device)? };
        let mut codes_of = |first: usize, on_grid: &mut OnGrid<'_>| match by_rule {
            true => {
                let count = on_grid.q.len() / model.dim();
                let labels = self.options.labels.as_ref().map(|labels| labels.part(first..first + count));
                let mut rule = |table: &mut dyn Table, level, codes: &mut _| {
                    self.assign_level(table, level, labels.as_ref(), codes)
                };
                assigner.by_rule(&on_grid.q, &mut rule)
            }
            false => assigner.nearest(&on_grid.q),
        };
        encode_chunks(&model.quantization, rows, device, &mut codes_of, sink)
    }

    /// Gives the rows of a table, which have these labels, their codes at a level: those of their labels, the cheapest
    /// or the nearest ones. Returns how many assignments exact distances settled.
    pub(super) fn assign_level(
        &self,
        table: &mut dyn Table,
        level: usize,
        labels: Option<&Labels>,
        codes: &mut Vec<u32>,
    ) -> Result<u64> {
        let Some(codebook) = self.model.levels.get(level) else { return Ok(0) };
        if let Some(known) = self.model.tables.get(level) {
            let given = labels.map(|labels| known.codes(labels, level)).unwrap_or_default();
            *codes = given_codes(table, codebook, known, &given)?;
            table.set_codes(codes)?;
            return Ok(0);
        }
        match self.prices(level) {
            None => Ok(table.assign_and_codes(codebook, codes)?.settled),
            Some(prices) => assign_priced(table, codebook, prices, codes),
        }
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
