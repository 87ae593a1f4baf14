//! The CPU device: all cores, a SIMD GEMM as a filter, exact integers to settle, and memory between iterations.

mod arch;
mod assign;
mod assigned_distances;
mod block;
mod bounds;
mod candidates;
mod exact;
mod few;
mod integers;
mod known_sums;
mod lanes;
mod measure;
mod memory;
mod min_distances;
mod network;
mod pairs;
mod panel;
mod pool;
mod prefetch;
mod prepared;
mod products;
mod range_search;
mod row_buffer;
mod rows;
mod scores;
mod seeding;
mod select;
mod simd;
mod sums;
mod table;
mod table_rows;
mod tally;
mod unit;
mod unit_length;

use super::tensors::Tensors;
use super::{DeviceInfo, Engine, FewRows, FilterCounts, Purpose, Table, quantize};
use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result};
use crate::grid::Grid;
use std::sync::Arc;

use pool::Pool;
pub(super) use unit::Unit;

pub(super) struct Cpu {
    info: DeviceInfo,
    pool: Pool,
    threads: usize,
    /// The unit that computes, or the value of `SEMID_SIMD` that names none, with the values that do.
    unit: std::result::Result<Unit, (String, String)>,
    tallies: Arc<tally::Tallies>,
}

impl Cpu {
    /// The CPU with all its cores. What is wrong with `SEMID_SIMD` shows when it is to compute.
    pub(super) fn new() -> Self {
        let unit = Unit::fastest().map_err(|error| match error.into_kind() {
            ErrorKind::UnknownSimd { value, available } => (value, available),
            other => (other.to_string(), String::new()),
        });
        Self::on(Pool(None), rayon::current_num_threads(), "cpu".into(), unit)
    }

    /// The CPU with all its cores and its fastest unit.
    pub(super) fn fastest() -> Result<Self> {
        Unit::fastest().map(|unit| Self::with_unit("cpu".into(), unit))
    }

    /// The CPU with all its cores and the unit of that name, `None` where there is no such name.
    pub(super) fn named(which: &str) -> Option<Result<Self>> {
        let unit = Unit::named(which)?;
        Some(unit.map(|unit| Self::with_unit(format!("cpu:{which}"), unit)))
    }

    pub(super) fn with_unit(name: String, unit: Unit) -> Self {
        Self::on(Pool(None), rayon::current_num_threads(), name, Ok(unit))
    }

    pub(super) fn with_threads(threads: usize) -> Result<Self> {
        if threads == 0 {
            return Self::fastest();
        }
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let failed = |error: rayon::ThreadPoolBuildError| ErrorKind::Device {
            device: "cpu".into(),
            reason: format!("{threads} threads could not be started: {error}"),
        };
        Ok(Self::on(Pool(Some(Arc::new(pool.map_err(failed)?))), threads, "cpu".into(), Ok(Unit::fastest()?)))
    }

    fn on(pool: Pool, threads: usize, name: String, unit: std::result::Result<Unit, (String, String)>) -> Self {
        let with = unit.as_ref().map_or_else(|_| "no unit".to_owned(), |unit| unit.description());
        let info = DeviceInfo {
            name,
            description: format!("{threads} threads, {}, {with}", std::env::consts::ARCH),
            backend: "simd".into(),
            driver: String::new(),
            hardware: true,
            limits: None,
        };
        Self { info, pool, threads, unit, tallies: Arc::default() }
    }

    fn unit(&self) -> Result<Unit> {
        let unknown = |(value, available): &(String, String)| {
            ErrorKind::UnknownSimd { value: value.clone(), available: available.clone() }.into()
        };
        self.unit.as_ref().copied().map_err(unknown)
    }
}

impl Engine for Cpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize, purpose: Purpose) -> Result<Box<dyn Table>> {
        let (pool, unit, tallies) = (self.pool.clone(), self.unit()?, self.tallies.clone());
        Ok(Box::new(table::CpuTable::new(pool, unit, tallies, (rows, dim), purpose == Purpose::Fit)?))
    }

    fn tensors(&self) -> Result<Box<dyn Tensors>> {
        Ok(Box::new(network::CpuTensors::new(self.pool.clone(), self.unit()?)))
    }

    fn few_rows(&self, levels: &[(&Codebook, bool)]) -> Result<Option<Box<dyn FewRows>>> {
        let (pool, unit, tallies) = (self.pool.clone(), self.unit()?, self.tallies.clone());
        Ok(Some(Box::new(few::Few::new(pool, unit, tallies, levels)?)))
    }

    fn filter_counts(&self) -> FilterCounts {
        let tally = self.tallies.take();
        FilterCounts {
            scored: tally.scored,
            products: tally.products,
            undecided: tally.undecided,
            candidates: tally.candidates,
            listed: tally.listed,
            listing_seconds: tally.listing.as_secs_f64(),
            scoring_seconds: tally.scoring.as_secs_f64(),
            assigning_seconds: tally.assigning.as_secs_f64(),
        }
    }

    fn chunk_rows(&self, dim: usize) -> usize {
        // Rows, their integers and the table of a chunk stay in the cache; every thread gets some blocks.
        ((1 << 19) / dim).max(1024 * self.threads).min((1 << 23) / dim).clamp(256, 16_384)
    }

    fn run(&self, work: &mut (dyn FnMut() + Send)) {
        self.pool.enter(work);
    }

    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        self.pool.run(|| {
            quantize::quantize(grid, rows, out, |task| match &self.unit {
                Ok(unit) => unit.run(task),
                Err(_) => task.run(),
            })
        })
    }

    fn quantize_rows_alone(&self, rows: &[f32], dim: usize, out: &mut [i32]) {
        self.pool.run(|| quantize::quantize_rows_alone(rows, dim, out));
    }
}
