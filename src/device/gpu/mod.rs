//! The GPU device: WGSL kernels through wgpu.

use super::{Assigned, DeviceInfo, Engine, Purpose, Table};
use crate::error::{ErrorKind, Result};

pub(super) struct Gpu {
    info: DeviceInfo,
}

impl Engine for Gpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, _rows: usize, _dim: usize, _purpose: Purpose) -> Result<Box<dyn Table>> {
        Err(ErrorKind::NoAdapter { reason: "not written yet".into() }.into())
    }

    fn chunk_rows(&self, _dim: usize) -> usize {
        let _ = Assigned::default();
        16_384
    }
}

/// The best hardware adapter.
pub(super) fn best() -> Result<Gpu> {
    Err(ErrorKind::NoAdapter { reason: "not written yet".into() }.into())
}

/// The adapter with that index in [`list`], or whose description contains `which`.
pub(super) fn select(which: &str) -> Result<Gpu> {
    Err(ErrorKind::UnknownDevice { name: format!("gpu:{which}"), available: String::new() }.into())
}

/// Every adapter, in the order of its index.
pub(super) fn list() -> Vec<DeviceInfo> {
    Vec::new()
}
