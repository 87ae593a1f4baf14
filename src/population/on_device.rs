//! Candidates for the first codewords whose distances stay on the device of a table.

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::Result;
use crate::kernel::nearer::BlockDraw;
use std::sync::Arc;

/// What the host knows of the candidates that a table holds, see [`Table::add_candidates`].
pub(super) struct CandidatesOnDevice {
    candidates: Arc<Codebook>,
    /// Running sums of the rows' distances at the ends of the table's blocks.
    ends: Vec<u128>,
}

impl CandidatesOnDevice {
    /// Makes the candidates of the table these, of which it holds the first ones if `known` says so. Returns none where
    /// the table leaves them to the host.
    pub(super) fn bring(
        known: Option<Self>,
        table: &mut dyn Table,
        candidates: &Arc<Codebook>,
    ) -> Result<Option<Self>> {
        let known = known.filter(|known| candidates.values().starts_with(known.candidates.values()));
        let before = known.as_ref().map_or(0, |known| known.candidates.clusters());
        let new = candidates.values().get(before * table.dim()..).unwrap_or_default();
        if new.is_empty() {
            return Ok(known);
        }
        let sums = table.add_candidates(&Codebook::new(new.to_vec(), table.dim()), before)?;
        let running = |sum: &mut u128, block: u128| {
            *sum += block;
            Some(*sum)
        };
        Ok(sums.map(|sums| Self { candidates: candidates.clone(), ends: sums.into_iter().scan(0, running).collect() }))
    }

    /// Returns whether the table holds exactly these candidates.
    pub(super) fn is_of(&self, candidates: &Arc<Codebook>) -> bool {
        self.candidates == *candidates
    }

    pub(super) fn potential(&self) -> u128 {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Returns the places on which the values fall, 0 for values that are not below the potential.
    pub(super) fn draw(&self, table: &mut dyn Table, values: &[u128]) -> Result<Vec<u64>> {
        let draws: Vec<Option<BlockDraw>> = values.iter().map(|value| self.block_draw(*value)).collect();
        let within: Vec<BlockDraw> = draws.iter().copied().flatten().collect();
        let mut rows = table.draw_candidates(&within)?.into_iter();
        Ok(draws.into_iter().map(|draw| draw.and_then(|_| rows.next()).unwrap_or(0) as u64).collect())
    }

    fn block_draw(&self, value: u128) -> Option<BlockDraw> {
        let block = self.ends.partition_point(|end| *end <= value);
        self.ends.get(block)?;
        let before = block.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        Some(BlockDraw { block, value: value - before })
    }

    /// Returns how many rows are nearest to each candidate.
    pub(super) fn weights(&self, table: &mut dyn Table) -> Result<Vec<u64>> {
        table.candidate_counts(self.candidates.clusters())
    }
}
