//! Steps of k-means++ on the CPU, which touch only the distances that become smaller.

use super::Pool;
use super::block::block_rows;
use super::bounds::square_at_least;
use super::exact::squared_distance;
use super::panel::Panel;
use super::rows::RowBlock;
use super::scores::Scores;
use super::table_rows::TableRows;
use super::unit::Unit;
use crate::codebook::Codebook;
use crate::device::{MAX_VALUES, Seeding};
use crate::error::{Result, try_vec};
use crate::kernel::seed::Seed;
use rayon::prelude::*;

/// The squared distances of weighted rows from the codewords so far.
pub(super) struct CpuSeeding<'a> {
    pool: &'a Pool,
    unit: Unit,
    /// Measured.
    rows: &'a TableRows,
    weights: Vec<u64>,
    closest: Vec<u64>,
    /// Rows of a block, and the sum of `weights[i] * closest[i]` over each block.
    block: usize,
    potentials: Vec<u128>,
}

impl<'a> CpuSeeding<'a> {
    pub(super) fn new(pool: &'a Pool, unit: Unit, rows: &'a TableRows, weights: &[u64]) -> Result<Self> {
        let count = weights.len();
        let closest = try_vec(u64::MAX, count, "seeding distances")?;
        let mut own = try_vec(0, count, "weights of rows")?;
        own.copy_from_slice(weights);
        let block = block_rows(count);
        Ok(Self { pool, unit, rows, weights: own, closest, block, potentials: Vec::new() })
    }

    /// The first row at which the running sum of `weights[i] * closest[i]` exceeds `value`.
    fn row_at(&self, value: u128) -> usize {
        let mut sum = 0;
        for (b, potential) in self.potentials.iter().enumerate() {
            if sum + potential > value {
                let first = b * self.block;
                let mut rows = self.closest.iter().zip(&self.weights).skip(first);
                let exceeds = |(closest, weight): (&u64, &u64)| {
                    sum += product(*closest, *weight);
                    sum > value
                };
                return first + rows.position(exceeds).unwrap_or(0);
            }
            sum += potential;
        }
        0
    }

    /// Makes the row a codeword, of those drawn, that leaves the smallest potential, the first one on a tie.
    fn take_best(&mut self, drawn: &[usize]) -> Result<Seed> {
        let Self { pool, unit, rows, weights, closest, block, .. } = self;
        let points = drawn.iter().flat_map(|row| rows.row(*row)).map(|value| *value as i32).collect();
        let panel = Panel::new(*unit, &Codebook::new(points, rows.dim()))?;
        let gain = |scores: &mut Scores, ((rows, closest), weights)| {
            panel.unit.run(GainBlock { rows, panel: &panel, closest, weights, scores })
        };
        let gains: Vec<Gains> = pool.run(|| {
            let blocks = rows.blocks(*block).zip(closest.par_chunks(*block)).zip(weights.par_chunks(*block));
            blocks.map_init(Scores::default, gain).collect()
        });
        let mut totals = [0_u128; MAX_VALUES];
        for gains in &gains {
            totals.iter_mut().zip(gains.potentials).for_each(|(total, gain)| *total += gain);
        }
        // The last of equal ones is the first when it goes backwards.
        let best = (0..drawn.len()).rev().max_by_key(|point| totals.get(*point)).unwrap_or(0);
        let parts = self.closest.chunks_mut(*block).zip(&mut self.potentials);
        for (gains, (closest, potential)) in gains.into_iter().zip(parts) {
            *potential -= gains.potentials.get(best).copied().unwrap_or(0);
            for near in gains.nearer.iter().filter(|near| near.point as usize == best) {
                closest.iter_mut().skip(near.row as usize).take(1).for_each(|closest| *closest = near.distance);
            }
        }
        let row = drawn.get(best).copied().unwrap_or(0);
        Ok(Seed { row, potential: self.potentials.iter().sum() })
    }
}

impl Seeding for CpuSeeding<'_> {
    fn start(&mut self, row: usize) -> Result<Seed> {
        self.closest.fill(u64::MAX);
        let parts = self.weights.chunks(self.block);
        self.potentials = parts.map(|weights| weights.iter().map(|weight| product(u64::MAX, *weight)).sum()).collect();
        self.take_best(&[row])
    }

    fn draw(&mut self, values: &[u128]) -> Result<Seed> {
        let drawn: Vec<usize> = values.iter().map(|value| self.row_at(*value)).collect();
        self.take_best(&drawn)
    }
}

fn product(distance: u64, weight: u64) -> u128 {
    u128::from(distance) * u128::from(weight)
}

/// What a block of rows gains by each of the points drawn.
struct Gains {
    /// By how much each point lowers the sum of `weights[i] * closest[i]`.
    potentials: [u128; MAX_VALUES],
    nearer: Vec<Nearer>,
}

/// A point that is nearer to a row of the block than the codewords so far.
struct Nearer {
    point: u32,
    row: u32,
    distance: u64,
}

/// A block of rows, and the points drawn as a panel.
struct GainBlock<'a, 'b> {
    rows: RowBlock<'a>,
    panel: &'a Panel,
    closest: &'a [u64],
    weights: &'a [u64],
    scores: &'b mut Scores,
}

impl pulp::WithSimd for GainBlock<'_, '_> {
    type Output = Gains;

    /// # Exactness
    /// A row whose score has a lower bound L is at a squared distance of at least `L + |r|^2`; where that reaches
    /// `closest` the distance cannot be smaller. Everything else is computed exactly.
    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) -> Gains {
        let Self { rows, panel, closest, weights, scores } = self;
        let mut gains = Gains { potentials: [0; MAX_VALUES], nearer: Vec::new() };
        scores.compute(rows, panel);
        for (i, (lower, (closest, weight))) in scores.rows().zip(closest.iter().zip(weights)).enumerate() {
            let (square, distance) = (square_at_least(rows.length(i)), *closest as f64);
            // 1e-15 of both terms is more than their roundings and that of the difference, 2^-53 of each, can take.
            let limit = distance - square + 1e-15 * (distance + square);
            let mut open = false;
            for lower in lower {
                open |= f64::from(*lower) < limit;
            }
            if !open {
                continue;
            }
            for (point, (lower, potential)) in lower.iter().zip(&mut gains.potentials).enumerate() {
                if f64::from(*lower) < limit {
                    let distance = squared_distance(rows.row(i), panel.codeword(point));
                    if distance < *closest {
                        *potential += product(*closest - distance, *weight);
                        gains.nearer.push(Nearer { point: point as u32, row: i as u32, distance });
                    }
                }
            }
        }
        gains
    }
}
