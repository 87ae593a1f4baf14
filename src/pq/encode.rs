//! Encoding: from rows to codes, a chunk at a time.

use super::leave::leave;
use super::model::PqKMeansModel;
use super::slices::copy_slice;
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::quantizer::{EncodeOptions, EncodeReport, Sink};
use crate::rows::Rows;
use crate::rq::{Assigner, OnGrid, encode_chunks};
use std::ops::Range;
use std::slice::from_ref;

impl PqKMeansModel {
    /// Encodes row by row.
    pub(super) fn encode_rows(
        &self,
        rows: &dyn Rows,
        device: &Device,
        options: &EncodeOptions,
        sink: &mut Sink<'_>,
    ) -> Result<EncodeReport> {
        check_options(options, rows.len(), self.residual.len())?;
        if rows.dim() != self.dim() {
            return Err(ErrorKind::DimMismatch { expected: self.dim(), found: rows.dim() }.into());
        }
        let mut chunks = Chunks::new(self, device)?;
        encode_chunks(&self.quantization, rows, device, &mut |_, on_grid| chunks.encode(on_grid), sink)
    }
}

/// Says why an encode of product codes after `residual_levels` residual levels takes no beam.
fn without_beam(residual_levels: usize) -> &'static str {
    match residual_levels {
        0 => "must be left out: slices do not depend on each other, so their nearest codewords are the best",
        _ => {
            "must be left out: every residual level takes its nearest codeword, though others may leave less to the \
             slices; a beam over them is only there for residual k-means alone"
        }
    }
}

/// Refuses options of an encode that product codes after `residual_levels` residual levels do not have.
pub(super) fn check_options(options: &EncodeOptions, rows: usize, residual_levels: usize) -> Result<()> {
    let EncodeOptions { priced, capacity, beam, labels } = options;
    if *priced {
        return Err(ErrorKind::NoPrices.into());
    }
    if let Some(capacity) = capacity {
        let expected = "must be left out, as product codes have no capacities";
        return Err(Error::parameter("capacity", capacity, expected));
    }
    if let Some(width) = beam.filter(|width| *width != 1) {
        return Err(Error::parameter("beam", width, without_beam(residual_levels)));
    }
    labels.as_ref().map_or(Ok(()), |labels| labels.check(rows, 0))
}

/// The prepared levels of a model.
struct Chunks<'a> {
    model: &'a PqKMeansModel,
    residual: Assigner<'a>,
    slices: Vec<(Range<usize>, Assigner<'a>)>,
}

impl<'a> Chunks<'a> {
    fn new(model: &'a PqKMeansModel, device: &'a Device) -> Result<Self> {
        let slice = |(range, codebook): (Range<usize>, &'a Codebook)| {
            Ok((range, Assigner::new(unscaled(from_ref(codebook)), device)?))
        };
        Ok(Self {
            model,
            residual: Assigner::new(unscaled(&model.residual), device)?,
            slices: model.ranges.iter().cloned().zip(&model.slices).map(slice).collect::<Result<_>>()?,
        })
    }

    /// Returns the codes (n, L) of a chunk, and how many assignments exact distances settled.
    fn encode(&mut self, on_grid: &mut OnGrid<'_>) -> Result<(Vec<u32>, u64)> {
        let Self { model, residual, slices } = self;
        let (dim, levels) = (model.dim(), model.levels());
        on_grid.scale()?;
        let rows = on_grid.q.len() / dim;
        let mut codes = try_zeros(rows.saturating_mul(levels), "codes")?;
        let (found, mut settled) = residual.nearest(&on_grid.q)?;
        leave(&mut on_grid.q, &model.residual, &found);
        write(&mut codes, levels, 0, &found, model.residual.len());
        for (level, (range, assigner)) in (model.residual.len()..).zip(slices) {
            let mut part = try_zeros(rows.saturating_mul(range.len()), "a slice of rows")?;
            copy_slice(&on_grid.q, dim, range, &mut part);
            let (found, more) = assigner.nearest(&part)?;
            settled += more;
            write(&mut codes, levels, level, &found, 1);
        }
        Ok((codes, settled))
    }
}

/// Returns levels whose rows have unit length already where the metric wants that.
pub(super) fn unscaled(levels: &[Codebook]) -> Vec<(&Codebook, bool)> {
    levels.iter().map(|codebook| (codebook, false)).collect()
}

/// Writes the codes `found` (n, count) to the levels from `first` on of `codes` (n, L).
pub(super) fn write(codes: &mut [u32], levels: usize, first: usize, found: &[u32], count: usize) {
    for (codes, found) in codes.chunks_exact_mut(levels).zip(found.chunks_exact(count.max(1))) {
        codes.iter_mut().skip(first).zip(found).for_each(|(code, new)| *code = *new);
    }
}
