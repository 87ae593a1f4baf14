//! Encoding by a beam: the codes of the smallest total distances that a search of bounded width finds.
//!
//! The *distance* of a row at some codes is the squared distance between the row on the grid and the sum of the codes'
//! codewords. An *extension* of some codes is these codes with one more, of the next level.
//!
//! # The rule
//! A beam of width B keeps up to B codes per row at every level, in places 1 to B. Before level 0 there is one place,
//! with no codes. At every level but the last, the places are filled one after the other. Place j gets the nearest of
//! the extensions of what the places 1 to j of the level before hold, if no place before j has it. Of equally near
//! ones it is the first in the order of the codes. Where the level before has fewer than j places, all of them count,
//! and there are never more places than extensions.
//!
//! At the last level, all extensions of all places are ordered by their distance, then by their codes. The first k are
//! the candidates, and the very first is the result of an encode.
//!
//! # Exactness
//! Distances are integers below 2^63, because any sum of codewords, one of each level, leaves a residual within 2^24.
//! So the result depends on the row, the model, B and k alone.
//!
//! Place j depends on no place after it. So a beam holds all that a narrower one holds, and the i-th candidate of a
//! wider beam is never farther than that of a narrower one, for every single row. Place 1 extends place 1: it holds
//! the greedy codes, so width 1 is the plain encode.
//!
//! # Cost
//! Per row, the distances to all codewords of level 0, and two products for each place with every later level.
//! `Chunk::extensions` says why few exact distances are needed there.
//!
//! # References
//! A. Babenko, V. Lempitsky, Additive Quantization for Extreme Vector Compression, CVPR 2014.

mod chunk;
mod select;

use super::chunks::Sink;
use super::encoding::Encoding;
use super::model::RqKMeansModel;
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::grid::Saturation;
use crate::quantizer::{CandidateSink, EncodeReport};
use crate::rows::Rows;
use chunk::Chunk;

/// The widest beam. A row then needs as much memory as so many rows.
const MOST_WIDTH: usize = 1024;
/// Distances that the lists of a chunk may have together, where all codewords are listed.
const DISTANCES: usize = 1 << 24;

/// The width of a beam, and how many candidates it gives.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beam {
    pub(super) width: usize,
    pub(super) count: usize,
}

impl Beam {
    /// Refuses what the model cannot give.
    fn check(self, model: &RqKMeansModel) -> Result<()> {
        let Self { width, count } = self;
        if !(1..=MOST_WIDTH).contains(&width) {
            return Err(Error::parameter("beam", width, format!("1 to {MOST_WIDTH} codes are kept per row and level")));
        }
        if model.normalize_residuals() {
            let expected = "this model scales the residuals of every level, so distances do not add up: leave it out";
            return Err(Error::parameter("beam", width, expected));
        }
        let found = self.places(model.levels()).last().copied().unwrap_or(0);
        let all = model.levels().last().map_or(0, |last| found.saturating_mul(last.clusters()));
        if !(1..=all).contains(&count) {
            let expected = format!("a beam of width {width} finds {all} codes for a row of this model");
            return Err(Error::parameter("candidates", count, expected));
        }
        Ok(())
    }

    /// Returns the number of places before every level.
    fn places(self, levels: &[Codebook]) -> Vec<usize> {
        let next = |places: &mut usize, level: &Codebook| {
            let before = *places;
            *places = before.saturating_mul(level.clusters()).min(self.width);
            Some(before)
        };
        levels.iter().scan(1, next).collect()
    }
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
        beam.check(self.model)?;
        let (len, places) = (rows.len(), beam.places(self.model.levels()));
        let most = places.iter().copied().max().unwrap_or(1).max(1);
        let clusters = self.model.clusters().into_iter().max().unwrap_or(1);
        let step = (device.engine().chunk_rows(rows.dim()) / most).min(DISTANCES / clusters / most);
        let step = step.clamp(1, len.max(1));
        let (mut report, mut saturation) = (EncodeReport::default(), Saturation::default());
        let mut chunk = Chunk::new(self.model, beam, device, step)?;
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if count != chunk.rows() {
                chunk = Chunk::new(self.model, beam, device, count)?;
            }
            saturation.merge(chunk.load(rows, first)?);
            let (found, settled) = chunk.search()?;
            report.settled_rows += settled;
            report.rows += count as u64;
            sink(first, &found)?;
        }
        (report.saturated_values, report.outliers) = (saturation.values, saturation.outliers());
        Ok(report)
    }
}
