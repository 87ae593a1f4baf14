//! Refines the codewords of all levels together, after the last level.
//!
//! # The rule
//! A *round* first moves the codewords of one level after the other, from the first one that is not frozen on, to the
//! exact mean of what the other levels leave of the rows with the code ([`JointSums::means`]); a codeword without rows
//! stays. Then all rows are encoded again. A round is kept if it lowers the squared error of all rows, which is an
//! exact integer. The refinement ends with the first round that does not, or in which no codeword moves.
//!
//! Rows are encoded by a beam of the width asked for, before the first round as well as after each.
//!
//! # Cost
//! Shards answer with sums by the codes of every level and with the numbers of rows that have two codes together. From
//! these the codewords of all levels follow without a further look at the rows, so a round is one pass over them.

use super::Fit;
use super::work::Unit;
use crate::codebook::Codebook;
use crate::error::Result;
use crate::joint::JointSums;
use crate::population::FittedLevel;
use crate::rq::progress::{Callback, Progress, report};
use std::sync::Arc;

/// The report of a refinement of all levels together, see [`RqKMeans::refine`](crate::RqKMeans::refine).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Refinement {
    /// The width of the beam that encoded the rows.
    pub beam: usize,
    /// The rounds that were kept.
    pub rounds: usize,
    /// Squared error per row before the first round, encoded by this beam, in squared units of the embeddings (of the
    /// unit sphere for cosine).
    pub before: f64,
    /// Squared error per row after the last round that was kept.
    pub squared_error: f64,
}

impl Fit<'_> {
    /// Refines all levels together, if that was asked for.
    pub(super) fn refine(&mut self, callback: Callback<'_>) -> Result<()> {
        let (rounds, beam) = (self.params.refine, self.params.refine_beam);
        if rounds == 0 {
            return Ok(());
        }
        let frozen = self.first.as_ref().map_or(0, |first| first.frozen());
        let loss = if self.quantization.unit_grid() { 0.0 } else { self.loaded.loss.total() };
        let unit = Unit::new(self.residuals.rows(), loss, self.quantization.codebook_exponent());
        let start = Progress::start(self.clusters.len(), rounds);
        let mut progress = Progress { level: self.clusters.len().saturating_sub(1), refinement: true, ..start };
        self.residuals.rewind();
        let mut levels: Vec<Arc<Codebook>> = self.fitted.iter().map(|level| level.codebook.clone()).collect();
        let mut sums = self.residuals.joint(&levels, beam, &mut || report(callback, &progress))?;
        let before = sums.squared_error();
        for _ in 0..rounds {
            let moved = self.moved(&sums, &levels, frozen)?;
            let Some(next) = moved else { break };
            let found = self.residuals.joint(&next, beam, &mut || report(callback, &progress))?;
            if found.squared_error() >= sums.squared_error() {
                break;
            }
            (levels, sums) = (next, found);
            progress.iteration += 1;
            progress.squared_error = unit.per_row(sums.squared_error());
            report(callback, &progress)?;
        }
        self.refinement = Some(Refinement {
            beam,
            rounds: progress.iteration,
            before: unit.per_row(before),
            squared_error: unit.per_row(sums.squared_error()),
        });
        self.fitted = levels.into_iter().map(|codebook| FittedLevel { codebook, codes: None }).collect();
        Ok(())
    }

    /// Moves the codewords of all levels but the frozen ones; returns none where none moves.
    fn moved(&self, sums: &JointSums, levels: &[Arc<Codebook>], frozen: usize) -> Result<Option<Vec<Arc<Codebook>>>> {
        let mut found = Ok((Vec::new(), false));
        self.residuals.device().engine().run(&mut || found = sums.clone().means(levels, frozen));
        let (levels, moved) = found?;
        Ok(moved.then_some(levels))
    }
}
