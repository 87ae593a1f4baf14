//! Rows of the CPU device, and what is remembered about them between two assignments.

use super::assign::{Block, Moved, Scratch, assign_all, assign_moved};
use super::exact::{squared_distance, squared_length};
use super::near::{NEAR, Near};
use super::panel::{Panel, up};
use super::plan::Plan;
use super::sums::{self, Changes};
use super::{Pool, closer};
use crate::codebook::Codebook;
use crate::device::reference::NO_CODE;
use crate::device::{Assigned, Table};
use crate::error::{Result, try_vec};
use crate::kernel;
use crate::partial::Partial;
use rayon::prelude::*;

/// Rows that one task takes at a time: their scores and the rows themselves stay in the cache.
const BLOCK: usize = 256;

pub(super) struct CpuTable {
    pool: Pool,
    /// Grid values (N, D) as f32: exact, and what the GEMM takes.
    values: Vec<f32>,
    dim: usize,
    codes: Vec<u32>,
    /// Upper bounds of the rows' lengths (N); stale when `measured` is false.
    lengths: Vec<f32>,
    measured: bool,
    /// Whether assignments of the same rows are going to be repeated with similar codewords.
    repeats: bool,
    /// Codewords of the last assignment.
    before: Option<Panel>,
    /// What is near every row, for the codewords of `before`; empty where nothing is remembered.
    near: Vec<Near>,
    sums: Option<Sums>,
}

/// Rows, lengths, codes and memories of a block, as zipped iterators give them.
type Parts<'a> = (((&'a [f32], &'a [f32]), &'a mut [u32]), &'a mut [Near]);

/// Sums by the codes they were computed for.
struct Sums {
    codes: Vec<u32>,
    counts: Vec<u64>,
    sums: Vec<i64>,
}

impl CpuTable {
    pub(super) fn new(pool: Pool, rows: usize, dim: usize, repeats: bool) -> Result<Self> {
        Ok(Self {
            pool,
            values: try_vec(0.0, rows.saturating_mul(dim), "rows on the grid")?,
            dim,
            codes: try_vec(NO_CODE, rows, "codes")?,
            lengths: try_vec(0.0, rows, "lengths")?,
            measured: false,
            repeats,
            before: None,
            near: Vec::new(),
            sums: None,
        })
    }

    /// The rows are about to change: forget all that was known about them.
    fn forget(&mut self) {
        self.codes.fill(NO_CODE);
        self.measured = false;
        self.before = None;
        self.near = Vec::new();
        self.sums = None;
    }

    fn row(&self, row: usize) -> &[f32] {
        self.values.chunks_exact(self.dim).nth(row).unwrap_or_default()
    }

    fn measure(&mut self) {
        if self.measured {
            return;
        }
        let (values, lengths, dim) = (&self.values, &mut self.lengths, self.dim);
        self.pool.run(|| {
            let rows = values.par_chunks(dim * BLOCK).zip(lengths.par_chunks_mut(BLOCK));
            rows.for_each(|(rows, lengths)| {
                pulp::Arch::new().dispatch(|| {
                    for (row, length) in rows.chunks_exact(dim).zip(lengths) {
                        *length = up(squared_length(row).sqrt() * (1.0 + 1e-12));
                    }
                });
            });
        });
        self.measured = true;
    }

    /// Whether remembering pays: enough codewords to skip, numbers that fit, and rows much larger than the memory.
    fn remembers(&self, before: &Panel, panel: &Panel) -> bool {
        let clusters = panel.clusters();
        before.clusters() == clusters
            && (4 * NEAR..1 << 15).contains(&clusters)
            && self.dim * size_of::<f32>() >= 4 * size_of::<Near>()
    }

    /// Movement of codewords below which bounds save work: a fraction of the rows' typical length.
    fn near_enough(&self) -> f32 {
        let total: f64 = self.lengths.iter().map(|length| f64::from(*length)).sum();
        (0.2 * total / self.rows().max(1) as f64) as f32
    }

    /// Runs `work` on blocks of rows, on all threads, and adds up what it returns.
    fn on_blocks(&mut self, near: &mut [Near], work: impl Fn(Block<'_>, &mut Scratch) -> Assigned + Sync) -> Assigned {
        let (values, lengths, codes, dim) = (&self.values, &self.lengths, &mut self.codes, self.dim);
        let has_near = !near.is_empty();
        self.pool.run(|| {
            let blocks = values.par_chunks(dim * BLOCK).zip(lengths.par_chunks(BLOCK)).zip(codes.par_chunks_mut(BLOCK));
            let run = |scratch: &mut Scratch, (((rows, lengths), codes), near): Parts<'_>| {
                pulp::Arch::new().dispatch(|| work(Block { rows, lengths, codes, near }, scratch))
            };
            let add =
                |a: Assigned, b: Assigned| Assigned { changed: a.changed + b.changed, settled: a.settled + b.settled };
            match has_near {
                true => blocks
                    .zip(near.par_chunks_mut(BLOCK))
                    .map_init(Scratch::default, run)
                    .reduce(Assigned::default, add),
                false => blocks
                    .map(|block| (block, &mut [][..]))
                    .map_init(Scratch::default, run)
                    .reduce(Assigned::default, add),
            }
        })
    }
}

impl Table for CpuTable {
    fn rows(&self) -> usize {
        self.codes.len()
    }

    fn dim(&self) -> usize {
        self.dim
    }

    fn upload(&mut self, first: usize, rows: &[i32]) -> Result<()> {
        self.forget();
        let values = self.values.get_mut(first * self.dim..).unwrap_or_default();
        values.iter_mut().zip(rows).for_each(|(value, q)| *value = *q as f32);
        Ok(())
    }

    fn gather(&mut self, rows: &[usize]) -> Result<Vec<i32>> {
        Ok(rows.iter().flat_map(|row| self.row(*row)).map(|value| *value as i32).collect())
    }

    fn unit_length(&mut self) -> Result<()> {
        self.forget();
        let (values, dim) = (&mut self.values, self.dim);
        self.pool.run(|| {
            values.par_chunks_mut(dim * BLOCK).for_each(|rows| {
                let mut integers: Vec<i32> = rows.iter().map(|value| *value as i32).collect();
                kernel::unit_length::unit_length(&mut integers, dim);
                rows.iter_mut().zip(&integers).for_each(|(value, q)| *value = *q as f32);
            });
        });
        Ok(())
    }

    fn assign(&mut self, codebook: &Codebook) -> Result<Assigned> {
        self.measure();
        let panel = Panel::new(codebook)?;
        let before = self.before.take().filter(|before| self.remembers(before, &panel));
        let plan = before.map(|before| Plan::new(&before, &panel)).filter(|plan| plan.typical < self.near_enough());
        let mut near = std::mem::take(&mut self.near);
        let assigned = match plan {
            Some(plan) if !near.is_empty() => {
                let movers = panel.subset(&plan.movers);
                let moved = Moved { panel: &panel, plan: &plan, movers: &movers };
                self.on_blocks(&mut near, |block, scratch| assign_moved(block, &moved, scratch))
            }
            plan => {
                near = try_vec(Near::UNKNOWN, if plan.is_some() { self.rows() } else { 0 }, "nearest codewords")?;
                self.on_blocks(&mut near, |block, scratch| assign_all(block, &panel, scratch))
            }
        };
        self.near = near;
        self.before = self.repeats.then_some(panel);
        Ok(assigned)
    }

    fn codes(&mut self, out: &mut [u32]) -> Result<()> {
        out.iter_mut().zip(&self.codes).for_each(|(out, code)| *out = *code);
        Ok(())
    }

    fn sums(&mut self, clusters: usize) -> Result<Partial> {
        let mut known = match self.sums.take().filter(|known| known.counts.len() == clusters) {
            Some(known) => known,
            None => Sums {
                codes: try_vec(NO_CODE, self.rows(), "codes")?,
                counts: try_vec(0, clusters, "counts")?,
                sums: try_vec(0, clusters.saturating_mul(self.dim), "sums")?,
            },
        };
        let changes = Changes::between(&known.codes, &self.codes, clusters)?;
        self.pool.run(|| sums::apply(&self.values, self.dim, &changes, &mut known.sums, &mut known.counts));
        known.codes.copy_from_slice(&self.codes);
        let partial = Partial::from_parts(known.counts.clone(), known.sums.clone(), self.dim);
        self.sums = self.repeats.then_some(known);
        Ok(partial)
    }

    fn own_distances(&mut self, codebook: &Codebook) -> Result<Vec<u64>> {
        let panel = Panel::new(codebook)?;
        let mut out = try_vec(0, self.rows(), "distances")?;
        let dim = self.dim;
        self.pool.run(|| {
            let blocks = self.values.par_chunks(dim * BLOCK).zip(self.codes.par_chunks(BLOCK));
            blocks.zip(out.par_chunks_mut(BLOCK)).for_each(|((rows, codes), out)| {
                pulp::Arch::new().dispatch(|| {
                    for ((row, code), out) in rows.chunks_exact(dim).zip(codes).zip(out) {
                        *out = squared_distance(row, panel.codeword(*code as usize));
                    }
                });
            });
        });
        Ok(out)
    }

    fn subtract(&mut self, codebook: &Codebook) -> Result<()> {
        let panel = Panel::new(codebook)?;
        let (values, codes, dim) = (&mut self.values, &self.codes, self.dim);
        self.pool.run(|| {
            values.par_chunks_mut(dim * BLOCK).zip(codes.par_chunks(BLOCK)).for_each(|(rows, codes)| {
                for (row, code) in rows.chunks_exact_mut(dim).zip(codes) {
                    let codeword = panel.codeword(*code as usize);
                    row.iter_mut().zip(codeword).for_each(|(value, c)| *value -= c);
                }
            });
        });
        self.forget();
        Ok(())
    }

    fn closer(&mut self, points: &[i32], closest: &[u64]) -> Result<Vec<u64>> {
        self.measure();
        let panel = Panel::new(&Codebook::new(points.to_vec(), self.dim))?;
        let rows = closest.len();
        let mut out = try_vec(0, panel.clusters().saturating_mul(rows), "seeding distances")?;
        self.pool.run(|| closer::closer(&self.values, &self.lengths, &panel, closest, &mut out));
        Ok(out)
    }
}
