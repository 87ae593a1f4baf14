//! Several devices as one: the rows of a table are divided among them.

mod table;

use super::tensors::Tensors;
use super::{Device, DeviceInfo, Engine, Purpose, Table};
use crate::error::Result;
use crate::grid::Grid;
use table::{DevicePart, SeveralTable};

/// Rows below which another device is not worth its calls; tests divide few rows too.
const FEW: usize = if cfg!(test) { 3 } else { 256 };

pub(super) struct Several {
    info: DeviceInfo,
    first: Device,
    others: Vec<Device>,
}

impl Several {
    pub(super) fn new(first: Device, others: Vec<Device>) -> Self {
        let all = || std::iter::once(&first).chain(&others).map(Device::info);
        let joined = |text: fn(&DeviceInfo) -> &str| all().map(text).collect::<Vec<_>>().join(",");
        let info = DeviceInfo {
            name: joined(|info| &info.name),
            description: joined(|info| &info.description),
            backend: joined(|info| &info.backend),
            driver: joined(|info| &info.driver),
            hardware: all().all(|info| info.hardware),
            limits: None,
        };
        Self { info, first, others }
    }

    fn all(&self) -> impl Iterator<Item = &Device> {
        std::iter::once(&self.first).chain(&self.others)
    }
}

impl Engine for Several {
    fn info(&self) -> &DeviceInfo {
        &self.info
    }

    fn table(&self, rows: usize, dim: usize, purpose: Purpose) -> Result<Box<dyn Table>> {
        let count = (rows / FEW).clamp(1, self.others.len() + 1);
        if count == 1 {
            return self.first.engine().table(rows, dim, purpose);
        }
        let part = |(i, device): (usize, &Device)| {
            let span = rows * i / count..rows * (i + 1) / count;
            Ok(DevicePart { table: device.engine().table(span.len(), dim, purpose)?, rows: span })
        };
        let parts: Result<Vec<DevicePart>> = self.all().take(count).enumerate().map(part).collect();
        Ok(Box::new(SeveralTable::new(parts?, rows, dim)))
    }

    /// Networks are trained on the first device alone.
    fn tensors(&self) -> Result<Box<dyn Tensors>> {
        self.first.engine().tensors()
    }

    fn chunk_rows(&self, dim: usize) -> usize {
        self.all().map(|device| device.engine().chunk_rows(dim)).fold(0, usize::saturating_add)
    }

    fn quantize(&self, grid: &Grid, rows: &[f32], out: &mut [i32]) -> u64 {
        self.first.engine().quantize(grid, rows, out)
    }

    fn quantize_rows_alone(&self, rows: &[f32], dim: usize, out: &mut [i32]) {
        self.first.engine().quantize_rows_alone(rows, dim, out);
    }

    fn run(&self, work: &mut (dyn FnMut() + Send)) {
        self.first.engine().run(work);
    }
}
