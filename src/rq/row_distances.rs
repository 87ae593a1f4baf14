//! Distances of rows to codewords along any codes, not only those that encoding chooses.

use super::model::RqKMeansModel;
use super::products::{Gram, Products};
use crate::error::{Error, ErrorKind, Result, try_zeros};
use crate::grid::read_finite;
use crate::kernel::assign::squared_distance;
use crate::kernel::unit_length::unit_length;
use crate::quantizer::{Asking, alike};
use crate::rows::Rows;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Exact distances of the rows of a source to the codewords of a model.
///
/// A row is read every time it is asked about: rows in memory suit it best.
pub(crate) struct RowDistances<'a> {
    model: &'a RqKMeansModel,
    rows: &'a dyn Rows,
    /// Inner products of codewords, once they are needed; none where there are too many.
    gram: OnceLock<Option<Gram>>,
    asked_for: AtomicUsize,
    /// What is asked whether to go on.
    asking: Option<Asking<'a>>,
}

/// Rows that do without inner products of codewords.
const FEW: usize = 64;

impl<'a> RowDistances<'a> {
    /// # Errors
    /// [`ErrorKind::DimMismatch`] where the rows are not the model's.
    pub(crate) fn new(model: &'a RqKMeansModel, rows: &'a dyn Rows) -> Result<Self> {
        match rows.dim() == model.dim() {
            true => Ok(Self { model, rows, gram: OnceLock::new(), asked_for: AtomicUsize::new(0), asking: None }),
            false => Err(ErrorKind::DimMismatch { expected: model.dim(), found: rows.dim() }.into()),
        }
    }

    /// Asks `source` from time to time for a row, so that one that is cancelled ends the work.
    pub(crate) fn asking(mut self, source: &'a dyn Rows) -> Self {
        self.asking = Some(Asking::new(source));
        self
    }

    /// Asks the source for a row, if it was not asked lately.
    ///
    /// # Errors
    /// What the source returns, as [`ErrorKind::Cancelled`].
    pub(crate) fn go_on(&self) -> Result<()> {
        self.asking.as_ref().map_or(Ok(()), Asking::go_on)
    }

    /// Returns for each of `rows` the position in this list of the first one that is the same on the grid.
    pub(crate) fn alike(&self, rows: &[usize]) -> Result<Vec<usize>> {
        alike(rows, &|row| self.residual(row, &[]))
    }

    /// A row's inner products with codewords, with which its distances below many prefixes are quick; none where
    /// residuals are normalised, which is not linear, or the model is too large.
    pub(crate) fn products(&self, row: usize) -> Result<Option<Products<'_>>> {
        // The first few rows are quicker without.
        let few = self.asked_for.fetch_add(1, Ordering::Relaxed) < FEW;
        if few || self.model.quantization.normalize_residuals {
            return Ok(None);
        }
        match self.gram.get_or_init(|| Gram::new(self.model.levels())) {
            Some(gram) => Ok(Some(Products::new(gram, self.model.levels(), self.residual(row, &[])?))),
            None => Ok(None),
        }
    }

    /// Returns the squared distances from what the codes `prefix` leave of row `row` to all codewords of level
    /// `prefix.len()`.
    ///
    /// # Shapes
    /// `prefix` has fewer codes than the model has levels; the result has one distance per codeword of that level.
    ///
    /// # Exactness
    /// The scalar kernels, in the order in which encoding applies them: the lowest of the smallest distances is the
    /// code that encoding chooses after `prefix`.
    ///
    /// # Errors
    /// A parameter error for too many codes, [`ErrorKind::Code`] for a code its codebook does not have, NaN or
    /// infinities, and what the source can meet.
    pub(crate) fn distances(&self, row: usize, prefix: &[u32]) -> Result<Vec<u64>> {
        let levels = self.model.levels();
        let expected = || format!("must be below the model's {} levels", levels.len());
        let codebook = levels.get(prefix.len()).ok_or_else(|| Error::parameter("prefix", prefix.len(), expected()))?;
        let residual = self.residual(row, prefix)?;
        let dim = self.model.dim();
        Ok(codebook.values().chunks_exact(dim).map(|codeword| squared_distance(&residual, codeword)).collect())
    }

    /// Returns what the codes `prefix` leave of row `row`, as the next level sees it.
    pub(super) fn residual(&self, row: usize, prefix: &[u32]) -> Result<Vec<i32>> {
        let quantization = &self.model.quantization;
        let dim = self.model.dim();
        let mut values = try_zeros(dim, "a row")?;
        let mut q = try_zeros(dim, "a row")?;
        read_finite(self.rows, row, &mut values)?;
        quantization.quantize(&values, &mut q);
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
