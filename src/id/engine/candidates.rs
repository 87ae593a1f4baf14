//! Finds the candidates of items whose codes are taken.

use crate::device::Device;
use crate::error::{Error, Result, try_zeros};
use crate::id::resolver::Resolver;
use crate::labels::Labels;
use crate::model::Model;
use crate::quantizer::{Candidates, EncodeOptions};
use crate::rows::{Matrix, Rows};

/// How candidates are found.
pub(super) struct CandidateSearch<'a> {
    pub(super) model: &'a Model,
    pub(super) device: &'a Device,
    pub(super) options: EncodeOptions,
    /// How many an item has.
    pub(super) count: usize,
}

impl CandidateSearch<'_> {
    /// Refuses what the resolver or the model does not go with.
    pub(super) fn check(&self, resolver: Resolver) -> Result<()> {
        if !matches!(resolver, Resolver::Reassign { .. }) {
            return Err(Error::parameter(
                "candidates",
                self.count,
                "give none, or use the resolver reassign, which alone moves items",
            ));
        }
        let none = Matrix::new(&[], self.model.dim())?;
        let none = self.model.quantized_rows(&none, self.device)?;
        self.among(&none, None).map(drop)
    }

    /// Returns the candidates of some of the rows, which are quantized and may have labels.
    pub(super) fn of(&self, all: &Matrix<'_>, labels: Option<&Labels>, rows: &[usize]) -> Result<Candidates> {
        let mut values = try_zeros(rows.len().saturating_mul(all.dim()), "the rows of items to move")?;
        for (row, out) in rows.iter().zip(values.chunks_exact_mut(all.dim())) {
            all.read(*row, out)?;
        }
        self.among(&Matrix::new(&values, all.dim())?, labels.map(|labels| labels.of_rows(rows)))
    }

    fn among(&self, rows: &dyn Rows, labels: Option<Labels>) -> Result<Candidates> {
        let mut all = Candidates::new(self.count.max(1), self.model.levels(), Vec::new(), Vec::new())?;
        let mut append = |_: usize, found: &Candidates| all.append(found);
        let options = EncodeOptions { labels, ..self.options.clone() };
        self.model.candidates_quantized(rows, self.device, &options, self.count, &mut append)?;
        Ok(all)
    }
}
