//! The GPU device, which runs WGSL kernels through wgpu.
//!
//! Rows are on the adapter as f32, which holds every grid value exactly. Kernels that need more than 24 bits convert to
//! integers, and `assign` uses f32 as a filter with a proved bound. `shaders/` has the kernels, and `src/kernel/` their
//! twins.

mod adapter;
mod assignment;
mod batch;
mod bytes;
mod candidate_buffers;
mod candidates;
mod chunk;
mod codewords;
mod context;
#[cfg(any(test, feature = "tensor-cores"))]
mod cooperative;
mod encoder;
mod failure;
mod filter;
mod kernel;
mod kernels;
mod latents;
mod lloyd;
mod lock;
mod matrices;
mod measure;
mod memory;
mod operand;
mod params;
mod pools;
mod pruning;
mod rows;
mod seeding;
mod sliced;
mod span;
mod table;
mod tensors;
#[cfg(test)]
mod tests;
mod tile;
mod timer;
mod traffic;
mod uploads;
mod vectors;
pub(super) mod wait;

use super::tensors::Tensors;
use super::{ChunkEncoder, DeviceInfo, Engine, KernelTime, Purpose, Table, TileChoice, TransferCounts, quantize};
use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result};
use crate::grid::Grid;
use context::Context;
use rows::GpuRows;
use std::path::Path;
use std::sync::Arc;
use tensors::GpuTensors;

/// Rows from which on a fit runs all kernels that fits of many rows run.
const MANY_ROWS: usize = 4096;

pub(super) struct Gpu {
    info: DeviceInfo,
    context: Arc<Context>,
}

impl Gpu {
    fn open(found: &adapter::FoundAdapter) -> Result<Self> {
        Ok(Self { info: found.info.clone(), context: Arc::new(found.open()?) })
    }
}

impl Engine for Gpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize, purpose: Purpose) -> Result<Box<dyn Table>> {
        // Drivers of software adapters use the same threads for compiling.
        if self.info.hardware && purpose == Purpose::Fit && rows >= MANY_ROWS {
            let wanted = self.context.filter.as_ref().ok().copied().flatten();
            self.context.prepare(&kernel::of_fits(self.context.tiles.first_filter(wanted, dim)))?;
        }
        Ok(Box::new(GpuRows::new(Arc::clone(&self.context), rows, dim)?))
    }

    fn tensors(&self) -> Result<Box<dyn Tensors>> {
        Ok(Box::new(GpuTensors::new(Arc::clone(&self.context))?))
    }

    fn chunk_rows(&self, dim: usize) -> usize {
        // This many rows fill a large GPU, and take 64 MiB as f32 and as much as integers on the host.
        ((16 << 20) / dim.max(1)).clamp(1024, 1 << 18)
    }

    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        quantize::quantize(grid, rows, out, |task| pulp::Arch::new().dispatch(task))
    }

    fn quantize_rows_alone(&self, rows: &[f32], dim: usize, out: &mut [i32]) {
        quantize::quantize_rows_alone(rows, dim, out);
    }

    fn iterates(&self) -> bool {
        true
    }

    fn chunk_encoder(&self, levels: &[(&Codebook, bool)], rows: usize) -> Result<Option<Box<dyn ChunkEncoder>>> {
        let chunk = levels.first().map_or(0, |(codebook, _)| self.chunk_rows(codebook.dim()));
        Ok(encoder::GpuEncoder::new(&self.context, (rows, chunk), levels)?.map(|encoder| Box::new(encoder) as _))
    }

    fn time_kernels(&self, on: bool) -> bool {
        let Some(timer) = &self.context.timer else { return false };
        timer.set(on);
        true
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        self.context.timer.as_ref().map(timer::Timer::take).unwrap_or_default()
    }

    fn transfer_counts(&self) -> TransferCounts {
        self.context.traffic.take()
    }

    fn tile_choices(&self) -> Vec<TileChoice> {
        let choice = |(class, variant, seconds): (tile::Class, tile::Variant, f64)| {
            let tile::Class { rows, dim, clusters } = class;
            TileChoice { rows, dim, clusters, variant: variant.name(), seconds }
        };
        self.context.tiles.choices().into_iter().map(choice).collect()
    }
}

/// Opens the best hardware adapter.
pub(super) fn best() -> Result<Arc<dyn Engine>> {
    let none = ErrorKind::NoAdapter { reason: "there is no hardware adapter".into() };
    let mut refused: crate::Error = none.into();
    // On a machine that cannot have a GPU, no driver is asked, so none is loaded.
    if !adapter::may_have_hardware(Path::new("/dev")) {
        return Err(refused);
    }
    for found in adapter::hardware() {
        match Gpu::open(found) {
            Ok(gpu) => return Ok(Arc::new(gpu)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// Opens the adapter with that index in [`list`], or the first one whose description or driver contains `which`.
pub(super) fn select(which: &str) -> Result<Arc<dyn Engine>> {
    match adapter::find(which) {
        Some(found) => Ok(Arc::new(Gpu::open(found)?)),
        None => Err(super::unknown(&format!("gpu:{which}"))),
    }
}

/// Opens the adapter of [`select`] with the smallest tiles and the filter of f32.
#[cfg(test)]
pub(super) fn select_narrow(which: &str) -> Result<Arc<dyn Engine>> {
    let Some(found) = adapter::find(which) else { return Err(super::unknown(&format!("gpu:{which}"))) };
    let (mut info, mut context) = (found.info.clone(), found.open()?);
    info.name.push_str(", narrow tiles");
    context.tiles.wanted = Ok(tile::Wanted::Tile(tile::Tile::Sized { wide_rows: false, wide_codes: false }));
    context.filter = Ok(Some(filter::Filter::F32));
    Ok(Arc::new(Gpu { info, context: Arc::new(context) }))
}

/// Lists every adapter, in the order of its index.
pub(super) fn list() -> Vec<DeviceInfo> {
    adapter::all().map(|found| found.info.clone()).collect()
}
