//! From rows to the integers that slices are cut from.

use super::assigner::table;
use crate::codebook::Codebook;
use crate::device::{Device, Table};
use crate::error::{Result, try_vec};
use crate::grid::SATURATION;
use crate::kernel::residual::subtract;
use crate::population::to_grid;
use crate::quantization::Quantization;

/// Puts chunks of rows on the grid and, for the cosine metric, scales whole rows to unit length.
pub(super) struct OnGrid<'m> {
    quantization: &'m Quantization,
    device: &'m Device,
    table: Option<Box<dyn Table>>,
    /// The integers of the last chunk (n, D).
    pub(super) q: Vec<i32>,
}

impl<'m> OnGrid<'m> {
    pub(super) fn new(quantization: &'m Quantization, device: &'m Device) -> Self {
        Self { quantization, device, table: None, q: Vec::new() }
    }

    /// Puts finite rows (n, D) on the grid, as level 0 sees them; returns how many values saturated.
    pub(super) fn put(&mut self, values: &[f32]) -> Result<u64> {
        if self.q.len() != values.len() {
            self.q = try_vec(0, values.len(), "a chunk of rows")?;
        }
        let saturated = to_grid(self.device.engine(), self.quantization, values, &mut self.q);
        if self.quantization.scales_level(0) {
            let dim = self.quantization.grid.dim();
            let rows: Vec<usize> = (0..values.len() / dim).collect();
            let table = table(&mut self.table, self.device, rows.len(), dim)?;
            table.upload(0, &self.q)?;
            table.unit_length()?;
            self.q = table.gather(&rows)?;
        }
        Ok(saturated)
    }
}

/// Turns rows of level 0 into the residual that slices are cut from: subtracts the codewords of the residual levels,
/// and cuts every component off at 3 * 2^21, as values on the grid are.
///
/// # Shapes
/// `q` (n, D), `levels` (R) of D dimensions, `codes` (n, R).
///
/// # Exactness
/// Components of rows are within 3 * 2^21 and those of all codewords together within 2^23, so no difference exceeds
/// 2^24. Without residual levels nothing changes.
pub(super) fn leave(q: &mut [i32], levels: &[Codebook], codes: &[u32]) {
    let Some(dim) = levels.first().map(Codebook::dim) else { return };
    let mut of_level = Vec::new();
    for (level, codebook) in levels.iter().enumerate() {
        of_level.clear();
        of_level.extend(codes.iter().skip(level).step_by(levels.len()));
        subtract(q, codebook.values(), dim, &of_level);
    }
    cut_off(q);
}

/// Cuts the components of a residual off, as values on the grid are.
pub(super) fn cut_off(q: &mut [i32]) {
    q.iter_mut().for_each(|value| *value = (*value).clamp(-SATURATION, SATURATION));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codewords_are_subtracted_and_far_components_cut_off() {
        let levels = [Codebook::new(vec![0, 0, 5, -3], 2), Codebook::new(vec![1, 1, -4_194_304, 9], 2)];
        let mut q = [10, 20, SATURATION, 7];
        leave(&mut q, &levels, &[1, 0, 0, 1]);
        assert_eq!(q, [4, 22, SATURATION, -2]);
        leave(&mut q, &[], &[]);
        assert_eq!(q, [4, 22, SATURATION, -2]);
    }
}
