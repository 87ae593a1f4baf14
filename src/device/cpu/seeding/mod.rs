//! Steps of k-means++ on the CPU, which touch only the distances that become smaller.

mod gains;
mod neighbours;

use super::Pool;
use super::block::block_rows;
use super::panel::Panel;
use super::scores::Scores;
use super::table_rows::TableRows;
use super::unit::Unit;
use crate::codebook::Codebook;
use crate::device::{MAX_VALUES, Seeding};
use crate::error::{Result, try_vec, try_zeros};
use crate::kernel::seed::Seed;
use gains::{Closest, GainBlock, Gains, ListedGains};
use neighbours::{NeighbourSearch, Neighbours};
use rayon::prelude::*;

/// Values of the rows that one thread compares with the points of a step before another would have woken up.
const ALONE: usize = 1 << 19;

/// The squared distances of weighted rows from the codewords so far.
pub(super) struct CpuSeeding<'a> {
    pool: &'a Pool,
    unit: Unit,
    /// Measured.
    rows: &'a TableRows,
    closest: Closest,
    /// Rows of a block, and the sum of `weights[i] * closest[i]` over each block.
    block: usize,
    potentials: Vec<u128>,
    search: NeighbourSearch,
    neighbours: Option<Neighbours>,
}

impl<'a> CpuSeeding<'a> {
    pub(super) fn new(pool: &'a Pool, unit: Unit, rows: &'a TableRows, weights: &[u64]) -> Result<Self> {
        let count = weights.len();
        let mut own = try_zeros(count, "weights of rows")?;
        own.copy_from_slice(weights);
        let closest = Closest { distances: try_vec(u64::MAX, count, "seeding distances")?, weights: own };
        let (block, search) = (block_rows(count), NeighbourSearch::new(count));
        Ok(Self { pool, unit, rows, closest, block, potentials: Vec::new(), search, neighbours: None })
    }

    /// The first row at which the running sum of `weights[i] * closest[i]` exceeds `value`.
    fn row_at(&self, value: u128) -> usize {
        let mut sum = 0;
        for (b, potential) in self.potentials.iter().enumerate() {
            if sum + potential > value {
                let first = b * self.block;
                let mut exceeds = |row: usize| {
                    sum += self.closest.share(row);
                    sum > value
                };
                return (first..self.closest.distances.len()).find(|row| exceeds(*row)).unwrap_or(0);
            }
            sum += potential;
        }
        0
    }

    /// Makes the row a codeword, of those drawn, that leaves the smallest potential, the first one on a tie.
    fn take_best(&mut self, drawn: &[usize]) -> Result<Seed> {
        if self.neighbours.is_none() && self.search.is_due() {
            let all = Neighbours::of(self.unit, self.rows, &self.closest.distances, self.pool)?;
            self.search.found(all.is_some());
            self.neighbours = all;
        }
        let gains = match &self.neighbours {
            Some(neighbours) => {
                let Self { unit, rows, closest, .. } = self;
                vec![self.pool.enter(|| unit.run(ListedGains { rows, drawn, neighbours, closest }))]
            }
            None => self.gains(drawn)?,
        };
        let mut totals = [0_u128; MAX_VALUES];
        for gains in &gains {
            totals.iter_mut().zip(gains.potentials).for_each(|(total, gain)| *total += gain);
        }
        // The last of equal ones is the first when it goes backwards.
        let best = (0..drawn.len()).rev().max_by_key(|point| totals.get(*point)).unwrap_or(0);
        for near in gains.iter().flat_map(|gains| &gains.nearer).filter(|near| near.point as usize == best) {
            let gain = self.closest.lower(near.row as usize, near.distance);
            let block = self.potentials.iter_mut().skip(near.row as usize / self.block).take(1);
            block.for_each(|potential| *potential -= gain);
        }
        let row = drawn.get(best).copied().unwrap_or(0);
        Ok(Seed { row, potential: self.potentials.iter().sum() })
    }

    /// Returns how much all rows gain by each of the rows drawn.
    fn gains(&mut self, drawn: &[usize]) -> Result<Vec<Gains>> {
        let Self { pool, unit, rows, closest, block, .. } = self;
        let panel = Panel::new(*unit, &Codebook::new(rows.gather(drawn)?, rows.dim()))?;
        let gain = |scores: &mut Scores, (b, rows)| {
            panel.unit.run(GainBlock { first: b * *block, rows, panel: &panel, closest, scores })
        };
        let gains: Vec<Gains> = if rows.values().len() <= ALONE {
            let mut scores = Scores::default();
            rows.each_block(*block).enumerate().map(|block| gain(&mut scores, block)).collect()
        } else {
            pool.run(|| rows.blocks(*block).enumerate().map_init(Scores::default, gain).collect())
        };
        self.search.count(gains.iter().map(|gains| gains.open).sum(), drawn.len());
        Ok(gains)
    }
}

impl Seeding for CpuSeeding<'_> {
    fn start(&mut self, row: usize) -> Result<Seed> {
        self.closest.distances.fill(u64::MAX);
        (self.search, self.neighbours) = (NeighbourSearch::new(self.closest.distances.len()), None);
        let parts = self.closest.weights.chunks(self.block);
        let all = |weights: &[u64]| weights.iter().map(|weight| u128::from(u64::MAX) * u128::from(*weight)).sum();
        self.potentials = parts.map(all).collect();
        self.take_best(&[row])
    }

    fn draw(&mut self, values: &[u128]) -> Result<Seed> {
        let drawn: Vec<usize> = values.iter().map(|value| self.row_at(*value)).collect();
        self.take_best(&drawn)
    }
}

#[cfg(test)]
mod tests;
