//! Distances of rows to codewords along any codes, not only those that encoding chooses.

use super::leave::cut_off;
use super::model::PqKMeansModel;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::grid::read_finite;
use crate::kernel::assign::squared_distance;
use crate::quantizer::{Asking, Costs, CostsOfRow, alike};
use crate::rows::Rows;

/// Exact distances of the rows of a source to the codewords of a model.
///
/// A codeword of a slice counts as zero outside the slice. So a distance is that of all dimensions of the row, as it is
/// for residual k-means, and the distance at the last level is that of the row from the point of its codes.
pub(super) struct PqCosts<'a> {
    model: &'a PqKMeansModel,
    rows: &'a dyn Rows,
    asking: Asking<'a>,
}

impl<'a> PqCosts<'a> {
    /// Asks `source` for a row from time to time, so that a source that is cancelled ends the work.
    pub(super) fn new(model: &'a PqKMeansModel, rows: &'a dyn Rows, source: &'a dyn Rows) -> Result<Self> {
        match rows.dim() == model.dim() {
            true => Ok(Self { model, rows, asking: Asking::new(source) }),
            false => Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into()),
        }
    }

    /// Returns a row as level 0 sees it.
    fn on_grid(&self, row: usize) -> Result<Vec<i32>> {
        let (quantization, dim) = (&self.model.quantization, self.model.dim());
        let mut values = try_zeros(dim, "a row")?;
        let mut q = try_zeros(dim, "a row")?;
        read_finite(self.rows, row, &mut values)?;
        quantization.quantize_for_level_0(&values, &mut q);
        Ok(q)
    }

    /// Returns the distances of a row on the grid to all codewords of the level after `prefix`.
    ///
    /// # Exactness
    /// A row's components are within 3 * 2^21 where slices are cut, and codewords within 2^23: distances are below 2^61
    /// for up to 8,192 dimensions.
    fn after(&self, row: usize, q: Vec<i32>, prefix: &[u32]) -> Result<Vec<u64>> {
        let (codebook, place) = self.model.level(prefix.len())?;
        let q = self.left(row, q, prefix)?;
        let square = |q: &[i32]| q.iter().map(|q| i64::from(*q).unsigned_abs().pow(2)).sum::<u64>();
        let part = q.get(place).unwrap_or_default();
        let outside = square(&q) - square(part);
        let distance = |codeword| outside + squared_distance(part, codeword);
        Ok(codebook.values().chunks_exact(codebook.dim()).map(distance).collect())
    }

    /// Returns what the codes `prefix` leave of a row on the grid.
    fn left(&self, row: usize, mut q: Vec<i32>, prefix: &[u32]) -> Result<Vec<i32>> {
        let model = self.model;
        for (level, code) in prefix.iter().enumerate() {
            let clusters = model.level(level)?.0.clusters();
            if *code as usize >= clusters {
                return Err(ErrorKind::Code { row, level, code: *code, clusters }.into());
            }
        }
        for (level, code) in prefix.iter().enumerate() {
            let (codebook, place) = model.level(level)?;
            let codeword = codebook.codeword(*code as usize).unwrap_or_default();
            let part = q.get_mut(place).unwrap_or_default();
            part.iter_mut().zip(codeword).for_each(|(q, c)| *q -= c);
            if level + 1 == model.residual.len() {
                cut_off(&mut q);
            }
        }
        Ok(q)
    }
}

impl Costs for PqCosts<'_> {
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        self.after(row, self.on_grid(row)?, prefix)
    }

    fn residual(&self, row: usize, prefix: &[u32]) -> Result<Option<Vec<i32>>> {
        let (_, place) = self.model.level(prefix.len())?;
        let left = self.left(row, self.on_grid(row)?, prefix)?;
        Ok(Some(left.get(place).unwrap_or_default().to_vec()))
    }

    fn of_row(&self, row: usize) -> Result<Box<CostsOfRow<'_>>> {
        let q = self.on_grid(row)?;
        Ok(Box::new(move |prefix| self.after(row, q.clone(), prefix)))
    }

    fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        alike(rows, &|row| self.on_grid(row))
    }

    fn go_on(&self) -> Result<()> {
        self.asking.go_on()
    }
}
