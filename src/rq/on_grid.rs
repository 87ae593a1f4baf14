//! Chunks of rows, from embeddings to grid integers.

use super::assigner::ReusedTable;
use crate::device::Device;
use crate::error::{Result, try_zeros};
use crate::grid::Saturation;
use crate::population::to_grid;
use crate::quantization::Quantization;

/// Puts chunks of rows on the grid, on a device, and counts the values that saturate.
pub(crate) struct OnGrid<'m> {
    quantization: &'m Quantization,
    device: &'m Device,
    table: ReusedTable<'m>,
    /// The integers of the last chunk (n, D).
    pub(crate) q: Vec<i32>,
    /// Values of all chunks that saturated.
    pub(super) saturation: Saturation,
}

impl<'m> OnGrid<'m> {
    pub(crate) fn new(quantization: &'m Quantization, device: &'m Device) -> Self {
        let table = ReusedTable::new(device);
        Self { quantization, device, table, q: Vec::new(), saturation: Saturation::default() }
    }

    /// Puts finite rows (n, D) on the grid; the first of them has the number `first`.
    pub(super) fn put(&mut self, first: usize, values: &[f32]) -> Result<()> {
        if self.q.len() != values.len() {
            self.q = try_zeros(values.len(), "a chunk of rows")?;
        }
        let saturated = to_grid(self.device.engine(), self.quantization, values, &mut self.q);
        self.saturation.merge(Saturation::of(&self.quantization.grid, values, saturated, |place| first + place));
        Ok(())
    }

    /// Scales the rows to unit length if level 0 wants that: they are then as level 0 sees them.
    pub(crate) fn scale(&mut self) -> Result<()> {
        if !self.quantization.scales_level(0) {
            return Ok(());
        }
        let dim = self.quantization.grid.dim();
        let rows: Vec<usize> = (0..self.q.len() / dim).collect();
        let table = self.table.of(rows.len(), dim)?;
        table.upload(0, &self.q)?;
        table.unit_length()?;
        self.q = table.gather(&rows)?;
        Ok(())
    }

    /// Puts finite rows (n, D) on the grid, as level 0 sees them; the first of them has the number `first`.
    pub(crate) fn put_for_level_0(&mut self, first: usize, values: &[f32]) -> Result<()> {
        self.put(first, values)?;
        self.scale()
    }
}
