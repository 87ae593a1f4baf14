//! Places a batch of items, each of which looks at some free places.

use super::Placement;
use super::search::FreePlace;
use crate::error::Result;
use crate::transport::limited::{AllowedColumns, Edge, solve};

/// The free places that an item looks at.
pub(super) struct Look {
    pub(super) near: Vec<FreePlace>,
    /// The item's distance at its encoded codes.
    pub(super) stay: u64,
}

/// Places as many items of a batch as possible, at the smallest sum of increases over the places that they look at;
/// `free` has the number of free places of some codes. An item that looks at no place is not placed.
///
/// # Shapes
/// `batch` (n), `looks` (n); n results.
pub(super) fn place(
    batch: &[usize],
    looks: &[Option<&Look>],
    free: &dyn Fn(&[u32]) -> u64,
) -> Result<Vec<Option<Placement>>> {
    let near = looks.iter().flatten().flat_map(|look| &look.near);
    let mut columns: Vec<&[u32]> = near.map(|(_, codes)| codes.as_slice()).collect();
    columns.sort_unstable();
    columns.dedup();
    let free: Vec<u64> = columns.iter().map(|codes| free(codes)).collect();
    let edge = |(cost, codes): &FreePlace| {
        let column = columns.binary_search(&codes.as_slice()).ok()?;
        Some(Edge { column, cost: *cost })
    };
    let row = |row: usize| {
        let look = looks.get(row).copied().flatten();
        let columns =
            |look: &Look| AllowedColumns { edges: look.near.iter().filter_map(edge).collect(), stay: look.stay };
        Ok(look.map(columns).unwrap_or_default())
    };
    let placed = solve(&free, &vec![None; batch.len()], &row)?;
    let named = |(item, place): (&usize, Option<(usize, i128)>)| {
        let (column, added) = place?;
        columns.get(column).map(|codes| (*item, codes.to_vec(), added))
    };
    Ok(batch.iter().zip(placed).map(named).collect())
}
