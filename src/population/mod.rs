//! Rows held elsewhere, which a fit sees only through reductions.
//!
//! A [`Population`] is a number of shards; the rows of a shard have consecutive numbers. A shard answers a [`Request`],
//! which names the state that the rows have to be in (sample, grid, levels so far). So the same request has the same
//! answer, whatever was asked before: what a shard keeps on a device is a cache, never a source. A fit uses
//! [`Residuals`], which asks all shards and merges their answers.
//!
//! | reduction | answer | merged by |
//! | --- | --- | --- |
//! | sketch | range of the values and a sample of the rows, for the grid | minimum, maximum, smallest hashes |
//! | loaded | what the grid does not hold | sum, worst rows |
//! | assign | how many rows changed, sums and counts per cluster, energy | sum |
//! | potential | sum of squared distances to the nearest candidate | sum |
//! | draw | places of rows | two-level prefix sums: the shard first, then the row in it |
//! | weights | rows per candidate | sum |
//! | farthest | distance, row and code of the farthest rows | the largest distance, then the lowest row |
//! | gather | rows | place |
//! | joint | sums of what all levels leave by the codes of each, and how often two codes meet | sum |
//!
//! Every answer consists of integers and is merged by operations that do not depend on order. Where order matters
//! (draws, ties), the numbers of the rows decide. So a fit gives the same bits for every division into shards.

mod held;
mod joint;
mod load;
mod memo;
mod on_device;
mod one;
mod pipe;
mod reductions;
mod request;
mod residuals;
mod seeding;
mod shard;
mod sharded;
mod streamed;
#[cfg(test)]
mod tests;
mod weighted;
mod wire;
mod worker;
mod workers;

pub(crate) use load::{Loaded, SourceRows, to_grid};
pub use pipe::Pipe;
pub(crate) use reductions::{energy, farthest, sums};
pub(crate) use request::{FarRow, FittedLevel};
pub use request::{Reply, Request};
pub(crate) use residuals::Residuals;
#[cfg(test)]
pub(crate) use shard::Shard;
#[cfg(test)]
pub(crate) use sharded::Sharded;
pub(crate) use streamed::{MemoryNeeds, divide};
pub use worker::Worker;
pub(crate) use workers::Remote;
pub use workers::{Answered, Call, Workers};

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{ErrorKind, Result};
use crate::partial::Partial;
use request::State;
use std::mem::discriminant;
use std::sync::Arc;

/// Returns the number of rows of all shards.
///
/// # Errors
/// [`ErrorKind::Overflow`] for more rows than sums are exact for.
pub(crate) fn rows_of(population: &dyn Population) -> Result<usize> {
    let sum = population.shards().iter().try_fold(0_u64, |sum, rows| sum.checked_add(*rows));
    let rows = sum.filter(|sum| *sum <= Partial::MAX_ROWS).and_then(|sum| usize::try_from(sum).ok());
    rows.ok_or_else(|| ErrorKind::Overflow { what: "the rows of all shards" }.into())
}

/// A function that long work calls now and then; an error that it returns ends the work.
pub(crate) type Ask<'a> = &'a mut dyn FnMut() -> Result<()>;

/// One or more shards that hold the rows.
pub(crate) trait Population: Send {
    /// Returns the number of rows of every shard; a shard's rows follow those of the shards before it. A row of weight
    /// w has w numbers, as its copies would have, and counts as w rows.
    fn shards(&self) -> Vec<u64>;

    /// Returns the number of dimensions, D.
    fn dim(&self) -> usize;

    /// Sends requests to shards, in the order of the shards; returns the answers in the order of the requests.
    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>>;

    /// Sends a request to all shards; returns the merged answer. The reduction has to be one that merges. It starts
    /// from the answer of no rows, which refuses replies of another kind and of other sizes.
    fn merged(&mut self, request: &Request, ask: Ask<'_>) -> Result<Reply> {
        let requests: Vec<(usize, Request)> = (0..self.shards().len()).map(|shard| (shard, request.clone())).collect();
        let mut all = Reply(request.of_no_rows(self.dim()));
        for reply in self.call(&requests, ask)? {
            if discriminant(&reply.0) != discriminant(&all.0) {
                return Err(residuals::unexpected());
            }
            all.merge(&reply)?;
        }
        Ok(all)
    }

    /// Returns the table of all rows in a state, if a single shard has them all in memory; those of weight 0 are not in
    /// it. The caller may change its codes.
    fn table(&mut self, state: &Arc<State>, ask: Ask<'_>) -> Result<Option<&mut dyn Table>>;

    /// Returns whether rows count as often as weights say.
    fn is_weighted(&self) -> bool {
        false
    }

    /// Says that the codes of this table are the nearest codewords of `codebook`.
    fn codes_are(&mut self, codebook: &Arc<Codebook>) {
        let _ = codebook;
    }
}
