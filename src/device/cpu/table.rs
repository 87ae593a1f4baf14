//! Rows of the CPU device, and what is remembered about them between two assignments.

use super::assign::{Assign, Block, Scratch};
use super::exact::squared_distance;
use super::history::{EPOCHS, History, Movements};
use super::memory::Mark;
use super::panel::Panel;
use super::range_search::{self, Prices};
use super::rows::Held;
use super::sums::{self, Changes};
use super::tally::{Tallies, Tally};
use super::unit::Unit;
use super::unit_length::UnitLength;
use super::{Pool, min_distances};
use crate::codebook::Codebook;
use crate::device::NO_CODE;
use crate::device::{Assigned, Table};
use crate::error::{Result, try_vec};
use crate::kernel::range_search::RangeMatches;
use crate::partial::Partial;
use rayon::prelude::*;
use std::sync::Arc;

/// Rows that one task takes at a time: their scores and the rows themselves stay in the cache.
const BLOCK: usize = 252;

/// Values that one task uploads.
const UPLOAD: usize = 1 << 15;

pub(super) struct CpuTable {
    pool: Pool,
    unit: Unit,
    tallies: Arc<Tallies>,
    rows: Held,
    codes: Vec<u32>,
    /// Whether assignments of the same rows are going to be repeated with similar codewords.
    repeats: bool,
    history: History,
    /// What the rows remember of assignments to so many codewords: nothing before it pays.
    marks: Vec<Mark>,
    marked: usize,
    sums: Option<Sums>,
    /// Codebooks prepared before: an encode takes every chunk through the same few.
    prepared: Vec<(Codebook, Arc<Panel>)>,
}

/// Codebooks kept prepared, and the most values that such a codebook may have.
const PREPARED: usize = 16;
const PREPARED_VALUES: usize = 1 << 20;

/// Sums by the codes they were computed for.
struct Sums {
    codes: Vec<u32>,
    counts: Vec<u64>,
    sums: Vec<i64>,
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
            rows: Held::new(rows, dim)?,
            codes: try_vec(NO_CODE, rows, "codes")?,
            repeats,
            history: History::default(),
            marks: Vec::new(),
            marked: 0,
            sums: None,
            prepared: Vec::new(),
        })
    }

    /// The rows are about to change: forget all that was known about them.
    fn forget(&mut self) {
        self.codes.fill(NO_CODE);
        self.history = History::default();
        self.marks = Vec::new();
        self.sums = None;
    }

    fn prepare(&mut self, codebook: &Codebook) -> Result<Arc<Panel>> {
        if let Some((_, panel)) = self.prepared.iter().find(|(known, _)| known == codebook) {
            return Ok(panel.clone());
        }
        let panel = Arc::new(Panel::new(self.unit, codebook)?);
        if !self.repeats && self.prepared.len() < PREPARED && codebook.values().len() <= PREPARED_VALUES {
            self.prepared.push((codebook.clone(), panel.clone()));
        }
        Ok(panel)
    }

    fn measure(&mut self) -> Result<()> {
        self.rows.measure(&self.pool, self.unit)
    }

    /// Makes room for what rows remember, once movements are small enough for it to pay.
    fn remember(&mut self, panel: &Panel) -> Result<()> {
        let clusters = panel.clusters();
        if self.marked != clusters {
            (self.marks, self.marked) = (Vec::new(), clusters);
        }
        let pays = self.repeats && self.marks.is_empty() && clusters >= 64 && self.dim() >= 32;
        if pays && self.history.typical(panel).is_some_and(|typical| typical < self.near_enough()) {
            self.marks = try_vec(Mark::UNKNOWN, self.rows(), "codewords near rows")?;
        }
        Ok(())
    }

    /// Movements of the codewords since the assignments that rows remember.
    fn movements(&self, panel: &Panel) -> Result<Movements> {
        if self.marks.is_empty() {
            return Ok(Movements::default());
        }
        let mut live = [false; EPOCHS];
        for mark in &self.marks {
            if let Some(live) = live.get_mut(mark.epoch as usize % EPOCHS) {
                *live = true;
            }
        }
        let live = |epoch: u32| live.get(epoch as usize % EPOCHS).is_some_and(|live| *live);
        self.pool.run(|| self.history.movements(panel, live))
    }

    /// Movement of codewords below which memory saves work: a fraction of the rows' typical length.
    fn near_enough(&self) -> f32 {
        (0.12 * self.rows.mean_length()) as f32
    }

    /// Assigns blocks of rows on all threads.
    fn assign_blocks(&mut self, panel: &Panel, movements: &Movements) -> Tally {
        let epoch = self.history.next();
        let (rows, codes) = (&self.rows, &mut self.codes);
        let blocks = codes.len().div_ceil(BLOCK);
        let marks = self.marks.chunks_mut(BLOCK).chain(std::iter::repeat_with(Default::default));
        let marks: Vec<&mut [Mark]> = marks.take(blocks).collect();
        let run = |scratch: &mut Scratch, ((rows, codes), marks)| {
            let block = Block { rows, codes, marks };
            panel.unit.run(Assign { block, panel, epoch, movements, scratch })
        };
        self.pool.run(|| {
            let blocks = rows.blocks(BLOCK).zip(codes.par_chunks_mut(BLOCK)).zip(marks);
            blocks.map_init(Scratch::default, run).reduce(Tally::default, Tally::plus)
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
        Ok(rows.iter().flat_map(|row| self.rows.row(*row)).map(|value| *value as i32).collect())
    }

    fn unit_length(&mut self) -> Result<()> {
        self.forget();
        let (unit, dim) = (self.unit, self.dim());
        let values = self.rows.change();
        self.pool.run(|| values.par_chunks_mut(dim * BLOCK).for_each(|rows| unit.run(UnitLength { rows, dim })));
        Ok(())
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<Assigned> {
        self.measure()?;
        let panel = self.prepare(codebook)?;
        self.remember(&panel)?;
        let movements = self.movements(&panel)?;
        let tally = self.assign_blocks(&panel, &movements);
        self.tallies.add(tally);
        if self.repeats {
            self.history.push(&panel);
        }
        Ok(Assigned { changed: tally.changed, settled: tally.undecided })
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        out.iter_mut().zip(&self.codes).for_each(|(out, code)| *out = *code);
        Ok(())
    }

    fn set_codes(&mut self, codes: &[u32]) -> Result<()> {
        self.codes.copy_from_slice(codes);
        Ok(())
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        let mut known = match self.sums.take().filter(|known| known.counts.len() == clusters) {
            Some(known) => known,
            None => Sums {
                codes: try_vec(NO_CODE, self.rows(), "codes")?,
                counts: try_vec(0, clusters, "counts")?,
                sums: try_vec(0, clusters.saturating_mul(self.dim()), "sums")?,
            },
        };
        let changes = Changes::between(&known.codes, &self.codes, clusters)?;
        self.pool.run(|| {
            sums::apply(self.unit, self.rows.values(), self.rows.dim(), &changes, (&mut known.sums, &mut known.counts))
        });
        known.codes.copy_from_slice(&self.codes);
        let partial = Partial::from_parts(known.counts.clone(), known.sums.clone(), self.dim());
        self.sums = self.repeats.then_some(known);
        Ok(partial)
    }

    fn assigned_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        let panel = Panel::new(self.unit, codebook)?;
        let mut out = try_vec(0, self.rows(), "distances")?;
        self.pool.run(|| {
            let blocks = self.rows.blocks(BLOCK).zip(self.codes.par_chunks(BLOCK));
            blocks.zip(out.par_chunks_mut(BLOCK)).for_each(|((rows, codes), out)| {
                let rows = rows.values;
                panel.unit.run(OwnDistances { rows, codes, panel: &panel, out });
            });
        });
        Ok(out)
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        let (codes, dim) = (&self.codes, self.rows.dim());
        let values = self.rows.change();
        self.pool.run(|| {
            values.par_chunks_mut(dim * BLOCK).zip(codes.par_chunks(BLOCK)).for_each(|(rows, codes)| {
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
        let mut out = try_vec(0, panel.clusters().saturating_mul(rows), "seeding distances")?;
        self.pool.run(|| min_distances::min_distances(&self.rows, &panel, closest, &mut out));
        Ok(out)
    }

    fn range_search(&mut self, codebook: &Codebook, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        self.measure()?;
        let panel = self.prepare(codebook)?;
        let prices = Prices::new(prices);
        self.pool.run(|| range_search::range_search(&self.rows, &panel, &prices, limits))
    }
}

/// Squared distances of rows to the codewords of their codes.
struct OwnDistances<'a> {
    rows: &'a [f32],
    codes: &'a [u32],
    panel: &'a Panel,
    out: &'a mut [u64],
}

impl pulp::WithSimd for OwnDistances<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        for ((row, code), out) in self.rows.chunks_exact(self.panel.dim()).zip(self.codes).zip(self.out) {
            *out = squared_distance(row, self.panel.codeword(*code as usize));
        }
    }
}
