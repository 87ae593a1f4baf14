//! k-means++ on a GPU. Distances stay there; values travel to the device, and one row travels back.

use super::kernels::seed::{self, Buffers};
use super::rows::GpuRows;
use crate::device::{MAX_VALUES, Seeding};
use crate::error::Result;
use crate::kernel::seed::{MAX_WEIGHT, Seed};

pub(super) struct GpuSeeding<'a> {
    table: &'a mut GpuRows,
    buffers: Buffers,
}

impl<'a> GpuSeeding<'a> {
    /// Returns none where the rows are in several chunks, where the distances of all values do not fit a buffer, or
    /// where there are too many rows.
    pub(super) fn new(table: &'a mut GpuRows, weights: &[u64]) -> Result<Option<Self>> {
        let fits = table.chunks.len() == 1 && table.rows <= table.piece_rows(MAX_VALUES * 8);
        let sum = weights.iter().try_fold(0_u64, |sum, weight| sum.checked_add(*weight));
        let counted = weights.len() == table.rows && sum.is_some_and(|sum| sum < MAX_WEIGHT);
        if !fits || !counted {
            return Ok(None);
        }
        let buffers = Buffers::new(table, weights)?;
        Ok(Some(Self { table, buffers }))
    }
}

impl Seeding for GpuSeeding<'_> {
    fn start(&mut self, row: usize) -> Result<Seed> {
        self.buffers.forget(self.table)?;
        // The last word says that this is a row.
        seed::seed(self.table, &self.buffers, &[[row as u32, 0, 0, 1]])
    }

    fn draw(&mut self, values: &[u128]) -> Result<Seed> {
        let word = |value: u128, at: u32| (value >> (32 * at)) as u32;
        let values: Vec<[u32; 4]> = values
            .iter()
            .take(MAX_VALUES)
            .map(|value| [word(*value, 0), word(*value, 1), word(*value, 2), 0])
            .collect();
        seed::seed(self.table, &self.buffers, &values)
    }
}
