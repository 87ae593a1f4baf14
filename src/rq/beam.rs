//! Encoding by a beam: the codes of the smallest total distances that a search of bounded width finds, see
//! [`beam`](crate::beam).

use super::chunks::Sink;
use super::encoding::Encoding;
use super::model::RqKMeansModel;
use crate::beam::{Beam, MOST_WIDTH, Search};
use crate::codebook::Codebook;
use crate::device::{Device, Purpose};
use crate::error::{Error, Result, try_vec};
use crate::grid::{Saturation, read_finite};
use crate::population::to_grid;
use crate::quantizer::{CandidateSink, EncodeReport};
use crate::rows::Rows;

/// Refuses what the model cannot give.
fn check(Beam { width, count }: Beam, model: &RqKMeansModel) -> Result<()> {
    if !(1..=MOST_WIDTH).contains(&width) {
        return Err(Error::parameter("beam", width, format!("1 to {MOST_WIDTH} codes are kept per row and level")));
    }
    if model.normalize_residuals() {
        let expected = "this model scales the residuals of every level, so distances do not add up: leave it out";
        return Err(Error::parameter("beam", width, expected));
    }
    let found = Beam { width, count }.places(&model.clusters()).last().copied().unwrap_or(0);
    let all = model.levels().last().map_or(0, |last| found.saturating_mul(last.clusters()));
    if !(1..=all).contains(&count) {
        let expected = format!("a beam of width {width} finds {all} codes for a row of this model");
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
        let (len, levels) = (rows.len(), self.model.levels());
        let step = beam.chunk_rows(device.engine(), rows.dim(), &self.model.clusters()).min(len.max(1));
        let (mut report, mut saturation) = (EncodeReport::default(), Saturation::default());
        let levels: Vec<&Codebook> = levels.iter().collect();
        let mut search = Search::new(&levels, beam, device, step)?;
        for first in (0..len).step_by(step) {
            let count = step.min(len - first);
            if count != search.rows() {
                search = Search::new(&levels, beam, device, count)?;
            }
            let (residuals, saturated) = self.load(rows, first, count, device)?;
            saturation.merge(saturated);
            let (found, settled) = search.search(residuals)?;
            report.settled_rows += settled;
            report.rows += count as u64;
            sink(first, &found)?;
        }
        (report.saturated_values, report.outliers) = (saturation.values, saturation.outliers());
        Ok(report)
    }

    /// Reads `count` rows from `first` on, puts them on the grid, and scales them where the first level wants that.
    fn load(&self, rows: &dyn Rows, first: usize, count: usize, device: &Device) -> Result<(Vec<i32>, Saturation)> {
        let (quantization, dim) = (&self.model.quantization, self.model.dim());
        let len = count.checked_mul(dim).ok_or_else(|| Error::parameter("rows", count, "too many"))?;
        let (mut values, mut q) = (try_vec(0.0, len, "a chunk of rows")?, try_vec(0, len, "a chunk of rows")?);
        read_finite(rows, first, &mut values)?;
        let saturated = to_grid(device.engine(), quantization, &values, &mut q);
        let saturation = Saturation::of(&quantization.grid, &values, saturated, |place| first + place);
        if quantization.scales_level(0) {
            let mut table = device.engine().table(count, dim, Purpose::Encode)?;
            table.upload(0, &q)?;
            table.unit_length()?;
            q = table.gather(&(0..count).collect::<Vec<_>>())?;
        }
        Ok((q, saturation))
    }
}
