//! Encoding by a beam: the codes of the smallest total distances that a search of bounded width finds, see
//! [`beam`](crate::beam). Where labels give the codes of the first levels, the search goes over the others.

use super::assigner::Assigner;
use super::chunks::Sink;
use super::encoding::Encoding;
use super::model::RqKMeansModel;
use super::on_grid::OnGrid;
use crate::beam::{Beam, BeamStart, MOST_WIDTH};
use crate::codebook::Codebook;
use crate::device::{Device, Table};
use crate::error::{Error, Result, try_zeros};
use crate::grid::read_finite;
use crate::quantizer::{CandidateSink, EncodeReport};
use crate::rows::Rows;
use std::ops::Range;

/// Returns the levels whose codes labels give, and those that are searched.
fn levels(model: &RqKMeansModel) -> (&[Codebook], &[Codebook]) {
    model.levels().split_at_checked(model.label_tables().len()).unwrap_or_default()
}

/// Subtracts the codewords of `codes` (n, G) from rows (n, D).
fn subtract(levels: &[Codebook], codes: &[u32], rows: &mut [i32]) {
    let Some(dim) = levels.first().map(Codebook::dim) else { return };
    for (row, codes) in rows.chunks_exact_mut(dim).zip(codes.chunks_exact(levels.len())) {
        for codeword in levels.iter().zip(codes).filter_map(|(level, code)| level.codeword(*code as usize)) {
            row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
        }
    }
}

/// Refuses what the model cannot give.
fn check(Beam { width, count }: Beam, model: &RqKMeansModel) -> Result<()> {
    if !(1..=MOST_WIDTH).contains(&width) {
        return Err(Error::parameter("beam", width, format!("must be 1 to {MOST_WIDTH}")));
    }
    if model.normalize_residuals() {
        let expected = "must be left out: this model scales the residuals of every level, so distances do not add up";
        return Err(Error::parameter("beam", width, expected));
    }
    let (_, searched) = levels(model);
    let clusters: Vec<usize> = searched.iter().map(Codebook::clusters).collect();
    let found = Beam { width, count }.places(&clusters).last().copied().unwrap_or(0);
    let all = clusters.last().map_or(0, |last| found.saturating_mul(*last));
    if all == 0 {
        return Err(Error::parameter("beam", width, "must be left out, as labels give all codes of this model"));
    }
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
        let (model, (labelled, searched)) = (self.model, levels(self.model));
        let searched: Vec<&Codebook> = searched.iter().collect();
        let mut of_labels = Assigner::in_tables(labelled.iter().map(|level| (level, false)).collect(), device);
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
            let mut residuals = std::mem::take(&mut on_grid.q);
            let labels = self.options.labels.as_ref().map(|labels| labels.part(chunk));
            let mut rule =
                |table: &mut dyn Table, level, codes: &mut _| self.assign_level(table, level, labels.as_ref(), codes);
            let (codes, _) = of_labels.by_rule(&residuals, &mut rule)?;
            subtract(labelled, &codes, &mut residuals);
            Ok(BeamStart { codes, residuals })
        };
        beam.each_chunk(&searched, rows.len(), device, &mut read, &mut |chunk, found, settled| {
            report.settled_assignments += settled;
            report.rows += chunk.len() as u64;
            sink(chunk.start, found)
        })?;
        Ok(report.with_saturation(&on_grid.saturation))
    }
}
