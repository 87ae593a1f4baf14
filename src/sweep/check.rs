//! Sweeps of which some run could not work are refused before any of them begins.

use super::grid::{Chain, Sweep, runs_of};
use crate::error::{Error, ErrorKind, Result};
use crate::quantizer::no_model_to_freeze;
use crate::weights::Weights;

impl Sweep {
    /// Refuses a sweep of which some run could not work with `rows` rows of `dim` dimensions.
    pub(super) fn check(&self, chains: &[Chain<'_>], rows: usize, dim: usize) -> Result<()> {
        let counted = self.inputs.weights.as_ref().map_or(Ok(rows), Weights::counted)?;
        runs_of(chains).try_for_each(|(kind, run)| run.trainer(kind).check(counted, dim))?;
        self.check_inputs(chains, rows, dim)?;
        self.evaluation.check(rows)?;
        self.check_beam()?;
        match self.predict {
            Some(0) => Err(Error::parameter("predict", 0, "must be at least 1")),
            _ => Ok(()),
        }
    }

    /// Refuses a beam that the models of some run would refuse.
    fn check_beam(&self) -> Result<()> {
        let Some(width) = self.evaluation.get_beam().filter(|width| *width > 1) else { return Ok(()) };
        match self.kinds.iter().find(|kind| !kind.takes_beam()) {
            Some(kind) if kind.reconstructs() => {
                let expected = format!("must be 1 or left out, as models of kind {} have no beams", kind.kind());
                Err(Error::parameter("beam", width, expected))
            }
            Some(_) => {
                let expected = "must be 1 or left out, as models with normalised residuals have no beams";
                Err(Error::parameter("beam", width, expected))
            }
            None => Ok(()),
        }
    }

    /// Refuses what the fits of some run would refuse.
    fn check_inputs(&self, chains: &[Chain<'_>], rows: usize, dim: usize) -> Result<()> {
        let inputs = &self.inputs;
        if inputs.warm_start.is_none() {
            if let Some(levels) = self.frozen.iter().find(|levels| **levels > 0) {
                return Err(no_model_to_freeze(*levels));
            }
            if let Some(kind) = self.kinds.iter().find(|kind| kind.needs_warm_start()) {
                let expected = "must be left out, or give the sweep a fitted model, from which this kind starts";
                return Err(Error::parameter("kinds", kind.kind(), expected));
            }
        }
        if let Some(blocks) = inputs.blocks.as_ref().filter(|blocks| blocks.dim() != dim) {
            return Err(ErrorKind::DimMismatch { expected: blocks.dim(), found: dim }.into());
        }
        runs_of(chains).try_for_each(|(kind, run)| {
            run.trainer(kind).check_options(&inputs.options(run), rows, dim)?;
            match inputs.warm_start.as_ref().map(|model| model.clusters()) {
                Some(expected) if expected != run.clusters => {
                    let advice = format!("must be {expected:?}, those of the model to start from");
                    Err(Error::parameter("clusters", format!("{:?}", run.clusters), advice))
                }
                _ => Ok(()),
            }
        })
    }
}
