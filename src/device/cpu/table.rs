//! Rows of the CPU device, and what is remembered about them between two assignments.

use super::assign::{AssignBlock, Knowledge, Scratch, assign_block};
use super::assigned_distances::assigned_distances;
use super::block::{ROWS, block_rows};
use super::known_sums::KnownSums;
use super::memory::{FromCodes, Memory, Movements};
use super::panel::Panel;
use super::prepared::Prepared;
use super::range_search::{self, Prices};
use super::seeding::CpuSeeding;
use super::table_rows::TableRows;
use super::tally::{Tallies, Tally};
use super::unit::Unit;
use super::unit_length::UnitLength;
use super::{Pool, min_distances};
use crate::codebook::Codebook;
use crate::device::NO_CODE;
use crate::device::{AssignCounts, Seeding, Table};
use crate::error::{Result, try_vec, try_zeros};
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;
use rayon::prelude::*;
use std::sync::Arc;

/// Values that one task uploads.
const UPLOAD: usize = 1 << 15;

pub(super) struct CpuTable {
    pool: Pool,
    unit: Unit,
    tallies: Arc<Tallies>,
    rows: TableRows,
    codes: Vec<u32>,
    /// Whether assignments of the same rows are going to be repeated with similar codewords.
    repeats: bool,
    memory: Memory,
    sums: Option<KnownSums>,
    prepared: Prepared,
}

impl CpuTable {
    pub(super) fn new(
        pool: Pool,
        unit: Unit,
        tallies: Arc<Tallies>,
        (rows, dim): (usize, usize),
        repeats: bool,
    ) -> Result<Self> {
        Ok(Self {
            pool,
            unit,
            tallies,
            rows: TableRows::new(rows, dim)?,
            codes: try_vec(NO_CODE, rows, "codes")?,
            repeats,
            memory: Memory::default(),
            sums: None,
            prepared: Prepared::default(),
        })
    }

    /// The rows are about to change: forget all that was known about them.
    fn forget(&mut self) {
        self.codes.fill(NO_CODE);
        self.memory = Memory::default();
        self.sums = None;
    }

    fn prepare(&mut self, codebook: &Codebook) -> Result<Arc<Panel>> {
        self.prepared.get(self.unit, codebook, !self.repeats)
    }

    fn measure(&mut self) -> Result<()> {
        self.rows.measure(&self.pool, self.unit)
    }

    /// Assigns blocks of rows on all threads.
    fn assign_blocks(&mut self, panel: &Panel, movements: &Movements, from_codes: &FromCodes) -> Tally {
        let epoch = self.memory.next();
        let (rows, codes) = (&self.rows, &mut self.codes);
        let block = block_rows(codes.len());
        let memory = self.memory.blocks(codes.len().div_ceil(block), block);
        let known = Knowledge { panel, epoch, movements, from_codes };
        let run = |scratch: &mut Scratch, (b, ((rows, codes), memory))| {
            assign_block(AssignBlock { first: b * block, rows, codes, memory }, known, scratch)
        };
        self.pool.run(|| {
            let blocks = rows.blocks(block).zip(codes.par_chunks_mut(block)).zip(memory);
            blocks.enumerate().map_init(Scratch::default, run).reduce(Tally::default, Tally::plus)
        })
    }
}

impl Table for CpuTable {
    fn rows(&self) -> usize {
        self.codes.len()
    }

    fn dim(&self) -> usize {
        self.rows.dim()
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        self.forget();
        let dim = self.dim();
        let values = self.rows.change().get_mut(first * dim..).unwrap_or_default();
        let parts = values.par_chunks_mut(UPLOAD).zip(rows.par_chunks(UPLOAD));
        self.pool.run(|| {
            parts.for_each(|(values, rows)| values.iter_mut().zip(rows).for_each(|(value, q)| *value = *q as f32));
        });
        Ok(())
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        self.rows.gather(rows)
    }

    fn unit_length(&mut self) -> Result<()> {
        self.forget();
        let (unit, dim) = (self.unit, self.dim());
        let values = self.rows.change();
        self.pool.run(|| values.par_chunks_mut(dim * ROWS).for_each(|rows| unit.run(UnitLength { rows, dim })));
        Ok(())
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<AssignCounts> {
        self.measure()?;
        let panel = self.prepare(codebook)?;
        if self.repeats {
            self.memory.remember(&panel, &self.rows)?;
        }
        let movements = self.memory.movements(&panel, &self.pool)?;
        let from_codes = self.memory.read_codes(&panel, &self.rows, &self.codes, &self.pool)?;
        let tally = self.assign_blocks(&panel, &movements, &from_codes);
        self.tallies.add(tally);
        if self.repeats {
            self.memory.push(&panel);
        }
        Ok(AssignCounts { changed: tally.changed, settled: tally.undecided })
    }

    fn extends(&self, known: &Codebook, clusters: usize) -> bool {
        self.memory.extends(known, clusters)
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        out.iter_mut().zip(&self.codes).for_each(|(out, code)| *out = *code);
        Ok(())
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        self.codes.copy_from_slice(codes);
        self.memory.codes_replaced();
        Ok(())
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        let mut known = match self.sums.take().filter(|known| known.clusters() == clusters) {
            Some(known) => known,
            None => KnownSums::new(self.rows(), self.dim(), clusters)?,
        };
        known.update(&self.pool, self.unit, self.rows.values(), &self.codes)?;
        let partial = known.partial();
        self.sums = self.repeats.then_some(known);
        Ok(partial)
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        let panel = Panel::new(self.unit, codebook)?;
        let mut out = try_zeros(self.rows(), "distances")?;
        self.pool.run(|| assigned_distances(&self.rows, &self.codes, &panel, &mut out));
        Ok(out)
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        let (codes, dim) = (&self.codes, self.rows.dim());
        let values = self.rows.change();
        self.pool.run(|| {
            values.par_chunks_mut(dim * ROWS).zip(codes.par_chunks(ROWS)).for_each(|(rows, codes)| {
                for (row, code) in rows.chunks_exact_mut(dim).zip(codes) {
                    let codeword = codebook.codeword(*code as usize).unwrap_or_default();
                    row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= *c as f32);
                }
            });
        });
        self.forget();
        Ok(())
    }

    fn min_distances(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        self.measure()?;
        let panel = Panel::new(self.unit, &Codebook::new(points.to_vec(), self.dim()))?;
        let rows = closest.len();
        let mut out = try_zeros(panel.clusters().saturating_mul(rows), "seeding distances")?;
        self.pool.run(|| min_distances::min_distances(&self.rows, &panel, closest, &mut out));
        Ok(out)
    }

    fn all_pairs(&self) -> usize {
        0
    }

    fn seeding(&mut self, weights: &[u64]) -> Result<Option<Box<dyn Seeding + '_>>> {
        self.measure()?;
        Ok(Some(Box::new(CpuSeeding::new(&self.pool, self.unit, &self.rows, weights)?)))
    }

    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        self.measure()?;
        let panel = self.prepare(codebook)?;
        let prices = Prices::new(prices);
        let (near, tally) = self.pool.run(|| range_search::range_search(&self.rows, &panel, &prices, limits))?;
        self.tallies.add(tally);
        Ok(near)
    }
}
