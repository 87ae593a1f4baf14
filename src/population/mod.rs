//! Rows held elsewhere: a fit sees them through reductions alone.
//!
//! A [`Population`] is a number of shards, each with rows of consecutive numbers. A shard answers a [`Request`], which
//! names the state that the rows are to be in (sample, grid, levels so far), so that the same request has the same
//! answer whatever was asked before: what a shard keeps on a device is a cache, never a source. [`Residuals`] is the
//! side of the fit: it asks all shards and merges their answers.
//!
//! | reduction | answer | merged by |
//! | --- | --- | --- |
//! | range | smallest and largest value per dimension | minimum, maximum |
//! | saturated | number of values | sum |
//! | assign | how many rows changed, sums and counts per cluster, energy | sum |
//! | potential | sum of squared distances to the nearest candidate | sum |
//! | draw | places of rows | two-level prefix sums: the shard first, then the row in it |
//! | weights | rows per candidate | sum |
//! | farthest | distance, row and code of the farthest rows | the largest distance, then the lowest row |
//! | gather | rows | place |
//!
//! # Exactness
//! Every answer is made of integers and merged by operations that do not depend on order, and what does depend on order
//! (draws, ties) goes by the numbers of the rows. So a fit has the same bits for every division into shards.

mod held;
mod load;
mod memo;
mod one;
mod reductions;
mod request;
mod residuals;
mod seeding;
mod shard;
mod sharded;
mod streamed;
#[cfg(test)]
mod tests;
mod wire;
mod worker;

pub(crate) use load::{Source, to_grid};
pub(crate) use reductions::{energy, farthest};
pub(crate) use request::{FarRow, FittedLevel};
pub use request::{Reply, Request};
pub(crate) use residuals::Residuals;
#[cfg(test)]
pub(crate) use shard::Shard;
#[cfg(test)]
pub(crate) use sharded::Sharded;
pub(crate) use streamed::{Needs, divide};
pub use worker::Worker;

use crate::device::Table;
use crate::error::Result;
use request::State;

/// Called now and then during long work; an error ends it.
pub(crate) type Ask<'a> = &'a mut dyn FnMut() -> Result<()>;

/// Holders of rows.
pub(crate) trait Population: Send {
    /// Rows of every shard; a shard's rows follow those of the shards before it.
    fn shards(&self) -> Vec<u64>;

    /// Number of dimensions, D.
    fn dim(&self) -> usize;

    /// Hands shards their requests, in the order of the shards; the answers come in the order of the requests.
    fn call(&mut self, requests: &[(usize, Request)], ask: Ask<'_>) -> Result<Vec<Reply>>;

    /// The table of all rows in a state, where a single shard has them all in memory; its codes may be changed.
    fn table(&mut self, state: &std::sync::Arc<State>, ask: Ask<'_>) -> Result<Option<&mut dyn Table>>;
}
