//! Distances of rows to codewords along any codes, not only those that encoding chooses.

use super::model::RqKMeansModel;
use super::params::Metric;
use crate::error::{Error, ErrorKind, Result, try_vec};
use crate::grid::{quantize_rows_alone, read_finite};
use crate::kernel::assign::squared_distance;
use crate::kernel::unit_length::unit_length;
use crate::quantizer::Costs;
use crate::rows::Rows;

/// Exact distances of the rows of a source to the codewords of a model.
///
/// A row is read every time it is asked about: rows in memory suit it best.
pub(crate) struct RowDistances<'a> {
    model: &'a RqKMeansModel,
    rows: &'a dyn Rows,
}

impl<'a> RowDistances<'a> {
    /// # Errors
    /// [`ErrorKind::DimMismatch`] where the rows are not the model's.
    pub(crate) fn new(model: &'a RqKMeansModel, rows: &'a dyn Rows) -> Result<Self> {
        match rows.dim() == model.dim() {
            true => Ok(Self { model, rows }),
            false => Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into()),
        }
    }

    /// What the codes `prefix` leave of row `row`, as the next level sees it.
    fn residual(&self, row: usize, prefix: &[u32]) -> Result<Vec<i32>> {
        let quantization = &self.model.quantization;
        let dim = self.model.dim();
        let mut values = try_vec(0.0, dim, "a row")?;
        let mut q = try_vec(0, dim, "a row")?;
        read_finite(self.rows, row, &mut values)?;
        match quantization.metric {
            Metric::L2 => drop(quantization.grid.quantize(&values, &mut q)),
            Metric::Cosine => quantize_rows_alone(&values, dim, &mut q),
        }
        for (level, codebook) in self.model.levels().iter().enumerate().take(prefix.len() + 1) {
            if quantization.scales_level(level) {
                unit_length(&mut q, dim);
            }
            let Some(code) = prefix.get(level) else { break };
            let clusters = codebook.clusters();
            let codeword = codebook.codeword(*code as usize);
            let codeword = codeword.ok_or(ErrorKind::Code { row, level, code: *code, clusters })?;
            q.iter_mut().zip(codeword).for_each(|(q, c)| *q -= c);
        }
        Ok(q)
    }
}

impl Costs for RowDistances<'_> {
    /// Squared distances of what the codes `prefix` leave of row `row` to all codewords of level `prefix.len()`.
    ///
    /// # Shapes
    /// `prefix` has fewer codes than the model has levels; the result has one distance per codeword of that level.
    ///
    /// # Exactness
    /// The scalar kernels, in the order in which encoding applies them: the lowest of the smallest distances is the code
    /// that encoding chooses after `prefix`.
    ///
    /// # Errors
    /// A parameter error for too many codes, [`ErrorKind::Code`] for a code its codebook does not have, NaN or infinities,
    /// and what the source can meet.
    fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        let levels = self.model.levels();
        let expected = || format!("below the model's {} levels", levels.len());
        let codebook = levels.get(prefix.len()).ok_or_else(|| Error::parameter("prefix", prefix.len(), expected()))?;
        let residual = self.residual(row, prefix)?;
        let dim = self.model.dim();
        Ok(codebook.values().chunks_exact(dim).map(|codeword| squared_distance(&residual, codeword)).collect())
    }
}
