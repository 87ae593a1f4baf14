//! Encoding: from rows to codes, a chunk at a time.

use super::assigner::Assigner;
use super::model::PqKMeansModel;
use super::on_grid::{OnGrid, leave};
use super::slices::copy_slice;
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result, try_vec};
use crate::grid::Saturation;
use crate::quantizer::{EncodeOptions, EncodeReport, Sink};
use crate::rows::Rows;
use crate::rq::each_chunk;
use std::ops::Range;
use std::slice::from_ref;

impl PqKMeansModel {
    /// Encodes row by row: in chunks, whose size changes nothing.
    pub(super) fn encode_chunks(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport> {
        check_options(options, rows.len())?;
        if rows.dim() != self.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.dim(), found: rows.dim() }.into());
        }
        let step = device.engine().chunk_rows(rows.dim()).clamp(1, rows.len().max(1));
        let mut chunks = Chunks::new(self, device)?;
        each_chunk(rows, step, &mut |first, values| chunks.encode(first, values), sink)?;
        let Chunks { report, saturation, .. } = chunks;
        Ok(EncodeReport { saturated_values: saturation.values, outliers: saturation.outliers(), ..report })
    }
}

/// Refuses options of an encode that product codes do not have.
pub(super) fn check_options(options: &EncodeOptions, rows: usize) -> Result<()> {
    let EncodeOptions { priced, capacity, beam, labels } = options;
    if *priced {
        return Err(ErrorKind::NoPrices.into());
    }
    if let Some(capacity) = capacity {
        let expected = "product codes have no capacities; encode without";
        return Err(Error::parameter("capacity", capacity, expected));
    }
    if let Some(width) = beam.filter(|width| *width != 1) {
        let expected = "slices do not depend on each other, so their nearest codewords are the best; encode without";
        return Err(Error::parameter("beam", width, expected));
    }
    labels.as_ref().map_or(Ok(()), |labels| labels.check(rows, 0))
}

/// Encodes chunks, and counts what the report tells.
struct Chunks<'a> {
    model: &'a PqKMeansModel,
    on_grid: OnGrid<'a>,
    residual: Assigner<'a>,
    slices: Vec<(Range<usize>, Assigner<'a>)>,
    report: EncodeReport,
    saturation: Saturation,
}

impl<'a> Chunks<'a> {
    fn new(model: &'a PqKMeansModel, device: &'a Device) -> Result<Self> {
        let slice =
            |(range, codebook): (Range<usize>, &'a Codebook)| Ok((range, Assigner::new(from_ref(codebook), device)?));
        Ok(Self {
            model,
            on_grid: OnGrid::new(&model.quantization, device),
            residual: Assigner::new(&model.residual, device)?,
            slices: model.ranges.iter().cloned().zip(&model.slices).map(slice).collect::<Result<_>>()?,
            report: EncodeReport::default(),
            saturation: Saturation::default(),
        })
    }

    /// Returns the codes (n, L) of rows (n, D), of which the first has the number `first`.
    fn encode(&mut self, first: usize, values: &[f32]) -> Result<Vec<u32>> {
        let Self { model, on_grid, residual, slices, report, saturation } = self;
        let (dim, levels) = (model.dim(), model.levels());
        let rows = values.len() / dim;
        let saturated = on_grid.put(values)?;
        saturation.merge(Saturation::of(model.grid(), values, saturated, |place| first + place));
        report.rows += rows as u64;
        let mut codes = try_vec(0, rows.saturating_mul(levels), "codes")?;
        let (found, settled) = residual.assign(&on_grid.q)?;
        report.settled_rows += settled;
        leave(&mut on_grid.q, &model.residual, &found);
        write(&mut codes, levels, 0, &found, model.residual.len());
        for (level, (range, assigner)) in (model.residual.len()..).zip(slices) {
            let mut part = try_vec(0, rows.saturating_mul(range.len()), "a slice of rows")?;
            copy_slice(&on_grid.q, dim, range, &mut part);
            let (found, settled) = assigner.assign(&part)?;
            report.settled_rows += settled;
            write(&mut codes, levels, level, &found, 1);
        }
        Ok(codes)
    }
}

/// Writes the codes `found` (n, count) to the levels from `first` on of `codes` (n, L).
pub(super) fn write(codes: &mut [u32], levels: usize, first: usize, found: &[u32], count: usize) {
    for (codes, found) in codes.chunks_exact_mut(levels).zip(found.chunks_exact(count.max(1))) {
        codes.iter_mut().skip(first).zip(found).for_each(|(code, new)| *code = *new);
    }
}
