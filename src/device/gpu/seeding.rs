//! k-means++ on a GPU. Distances stay there; random words travel to the device and rows travel back, of many steps at a
//! time.

use super::kernels::seed::{self, Buffers, STEPS};
use super::rows::GpuRows;
use super::span::sum_words;
use crate::device::{MAX_VALUES, Seeding};
use crate::error::Result;
use crate::kernel::seed::{MAX_WEIGHT, Seed};
use crate::rng::Stream;

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
        let words = |value: &u128| {
            let [low, middle, high] = sum_words(*value);
            [low, middle, high, 0]
        };
        let values: Vec<[u32; 4]> = values.iter().take(MAX_VALUES).map(words).collect();
        seed::seed(self.table, &self.buffers, &values)
    }

    fn steps(&mut self, potential: u128, most: usize, values: usize, stream: &mut Stream) -> Result<Vec<Seed>> {
        let Self { table, buffers } = self;
        // No more than what takes a few dispatches' time, so that a cancellation is heard.
        let work = (values * table.dim) as u64 * table.rows as u64;
        let at_once = (4 * table.context.dispatch_work() / work.max(1)).clamp(1, STEPS as u64) as usize;
        let mut ahead = stream.clone();
        let words: Vec<u64> = (0..seed::words(at_once.min(most), values)).map(|_| ahead.next_u64()).collect();
        let (spent, seeds) = seed::steps(table, buffers, (at_once.min(most), values), &words)?;
        stream.skip(spent);
        if seeds.is_empty() {
            // Too many words were rejected for the first step, which hardly ever happens.
            let values: Vec<u128> = (0..values).map(|_| stream.below(potential)).collect();
            return Ok(vec![self.draw(&values)?]);
        }
        Ok(seeds)
    }
}
