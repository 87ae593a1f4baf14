//! The GPU device: WGSL kernels through wgpu.
//!
//! Rows lie on the adapter as f32, which holds every grid value exactly; kernels that need more than 24 bits convert to
//! integers, and `assign` uses f32 as a filter with a proved bound. See `shaders/` for the kernels and `src/kernel/`
//! for their twins.

mod adapter;
mod batch;
mod centroid;
mod chunk;
mod codewords;
mod context;
mod kernel;
mod memory;
mod min_distances;
mod params;
mod sliced;
mod table;
mod tensors;
#[cfg(test)]
mod tests;
mod timer;

use super::tensors::Tensors;
use super::{DeviceInfo, Engine, KernelTime, Purpose, Table};
use crate::error::{ErrorKind, Result};
use context::Context;
use std::sync::Arc;
use table::GpuTable;
use tensors::GpuTensors;

pub(super) struct Gpu {
    info: DeviceInfo,
    context: Arc<Context>,
}

impl Gpu {
    fn open(found: &adapter::Found) -> Result<Self> {
        Ok(Self { info: found.info.clone(), context: Arc::new(found.open()?) })
    }
}

impl Engine for Gpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize, _purpose: Purpose) -> Result<Box<dyn Table>> {
        Ok(Box::new(GpuTable::new(Arc::clone(&self.context), rows, dim)?))
    }

    fn tensors(&self) -> Result<Box<dyn Tensors>> {
        Ok(Box::new(GpuTensors::new(Arc::clone(&self.context))?))
    }

    fn chunk_rows(&self, dim: usize) -> usize {
        // Enough rows to fill a large GPU, in 64 MiB of f32 and as much of integers on the host.
        ((16 << 20) / dim.max(1)).clamp(1024, 1 << 18)
    }

    fn time_kernels(&self, on: bool) -> bool {
        let Some(timer) = &self.context.timer else { return false };
        timer.set(on);
        true
    }

    fn kernel_times(&self) -> Vec<KernelTime> {
        self.context.timer.as_ref().map(timer::Timer::take).unwrap_or_default()
    }
}

/// The best hardware adapter.
pub(super) fn best() -> Result<Arc<dyn Engine>> {
    let none = ErrorKind::NoAdapter { reason: "there is no hardware adapter".into() };
    let mut refused: crate::Error = none.into();
    for found in adapter::hardware() {
        match Gpu::open(found) {
            Ok(gpu) => return Ok(Arc::new(gpu)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// The adapter with that index in [`list`], or the first whose description or driver contains `which`.
pub(super) fn select(which: &str) -> Result<Arc<dyn Engine>> {
    match adapter::find(which) {
        Some(found) => Ok(Arc::new(Gpu::open(found)?)),
        None => Err(super::unknown(&format!("gpu:{which}"))),
    }
}

/// Every adapter, in the order of its index.
pub(super) fn list() -> Vec<DeviceInfo> {
    adapter::all().iter().map(|found| found.info.clone()).collect()
}
