//! Encoding by a beam: the codes of the smallest total distances that a search of bounded width finds, see
//! [`beam`](crate::beam).

use super::chunks::Sink;
use super::encoding::Encoding;
use super::model::RqKMeansModel;
use super::on_grid::OnGrid;
use crate::beam::{Beam, MOST_WIDTH};
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, Result, try_zeros};
use crate::grid::read_finite;
use crate::quantizer::{CandidateSink, EncodeReport};
use crate::rows::Rows;
use std::ops::Range;

/// Refuses what the model cannot give.
fn check(Beam { width, count }: Beam, model: &RqKMeansModel) -> Result<()> {
    if !(1..=MOST_WIDTH).contains(&width) {
        return Err(Error::parameter("beam", width, format!("must be 1 to {MOST_WIDTH}")));
    }
    if model.normalize_residuals() {
        let expected = "must be left out: this model scales the residuals of every level, so distances do not add up";
        return Err(Error::parameter("beam", width, expected));
    }
    let found = Beam { width, count }.places(&model.clusters()).last().copied().unwrap_or(0);
    let all = model.levels().last().map_or(0, |last| found.saturating_mul(last.clusters()));
    if !(1..=all).contains(&count) {
        let expected =
            format!("must be 1 to {all}, the codes that a beam of width {width} finds for a row of this model");
        return Err(Error::parameter("candidates", count, expected));
    }
    Ok(())
}

impl Encoding<'_> {
    /// Encodes by the first candidate of a beam of width `width`.
    pub(super) fn encode_beam(
        &self,
        width: usize,
        rows: &dyn Rows,
        device: &Device,
        sink: Sink<'_>,
    ) -> Result<EncodeReport> {
        self.candidates(Beam { width, count: 1 }, rows, device, &mut |first, found| sink(first, found.codes()))
    }

    /// Finds the candidates of all rows, a chunk at a time.
    pub(super) fn candidates(
        &self,
        beam: Beam,
        rows: &dyn Rows,
        device: &Device,
        sink: &mut CandidateSink<'_>,
    ) -> Result<EncodeReport> {
        check(beam, self.model)?;
        let (model, levels) = (self.model, self.model.levels().iter().collect::<Vec<&Codebook>>());
        let (mut on_grid, mut report) = (OnGrid::new(&model.quantization, device), EncodeReport::default());
        let mut values = Vec::new();
        let mut read = |chunk: Range<usize>| {
            let len = chunk.len().checked_mul(rows.dim());
            let len =
                len.ok_or_else(|| Error::parameter("rows", chunk.len(), "must be fewer; encode them in parts"))?;
            if values.len() != len {
                values = try_zeros(len, "a chunk of rows")?;
            }
            read_finite(rows, chunk.start, &mut values)?;
            on_grid.put_for_level_0(chunk.start, &values)?;
            Ok(std::mem::take(&mut on_grid.q))
        };
        beam.each_chunk(&levels, rows.len(), device, &mut read, &mut |chunk, found, settled| {
            report.settled_assignments += settled;
            report.rows += chunk.len() as u64;
            sink(chunk.start, found)
        })?;
        Ok(report.with_saturation(&on_grid.saturation))
    }
}
