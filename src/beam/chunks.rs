//! The beam of many rows, a chunk at a time.

use super::{Beam, BeamSearch, BeamStart};
use crate::codebook::Codebook;
use crate::device::Device;
use crate::error::Result;
use crate::quantizer::Candidates;
use std::ops::Range;

/// Takes a chunk of rows, their candidates, and how many assignments exact distances settled.
pub(crate) type CandidatesSink<'a> = &'a mut dyn FnMut(Range<usize>, &Candidates, u64) -> Result<()>;

impl Beam {
    /// Searches codes of `levels`, whose largest components add up to at most 2^23, for `rows` rows. For each chunk of
    /// rows, `read` returns the rows on the grid with the codes that they have, and `sink` takes their candidates and
    /// how many assignments exact distances settled.
    ///
    /// # Errors
    /// The first one in the order of the rows; `sink` has received all chunks before it.
    pub(crate) fn each_chunk(
        self,
        levels: &[&Codebook],
        rows: usize,
        device: &Device,
        read: &mut dyn FnMut(Range<usize>) -> Result<BeamStart>,
        sink: CandidatesSink<'_>,
    ) -> Result<()> {
        let clusters: Vec<usize> = levels.iter().map(|level| level.clusters()).collect();
        let dim = levels.first().map_or(1, |level| level.dim());
        let step = self.chunk_rows(device.engine(), dim, &clusters).min(rows.max(1));
        let mut search = BeamSearch::new(levels, self, device, step)?;
        for first in (0..rows).step_by(step) {
            let chunk = first..rows.min(first + step);
            if chunk.len() != search.rows() {
                search = BeamSearch::new(levels, self, device, chunk.len())?;
            }
            let (found, settled) = search.search(read(chunk.clone())?)?;
            sink(chunk, &found, settled)?;
        }
        Ok(())
    }
}
