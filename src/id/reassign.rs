//! Where colliding items go.

use crate::error::{ErrorKind, Result};

/// What the solver needs to know about a batch of new items.
pub(crate) trait Costs {
    /// Squared distances of the residual of item `item` after the codes `prefix` to all codewords of the next level.
    fn distances(&self, item: usize, prefix: &[u32]) -> Result<Vec<u64>>;
}

/// Where one item goes.
pub(crate) struct Placed {
    pub(crate) codes: Vec<u32>,
    pub(crate) added_distance: i128,
}

/// Finds places for new items.
pub(crate) fn reassign(
    _encoded: &[Vec<u32>],
    _keys: &[&str],
    _capacity: u64,
    _used_below: &mut dyn FnMut(&[u32]) -> Result<Vec<(Vec<u32>, u64)>>,
    _clusters: &[usize],
    _costs: &dyn Costs,
) -> Result<Vec<Placed>> {
    Err(ErrorKind::Store { reason: "reassigning is not there yet".into() }.into())
}
