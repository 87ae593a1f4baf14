//! Above the last level: items whose group was full, below a shorter prefix.

use super::group::narrow;
use super::occupancy::Occupancy;
use super::search::{Place, places};
use super::{Found, Outcome, Problem};
use crate::error::Result;
use crate::transport::limited::{Edge, Row, solve};
use rayon::prelude::*;
use std::collections::VecDeque;

/// Items placed together.
pub(super) const BATCH: usize = 256;

/// Places the items of a group, which are in the order of their keys, below their shared prefix.
pub(super) fn place(
    problem: &Problem<'_>,
    prefix: &[u32],
    group: &[usize],
    mut occupancy: Occupancy<'_>,
) -> Result<Outcome> {
    let mut waiting: VecDeque<usize> = group.iter().copied().collect();
    let mut found = Vec::new();
    while !waiting.is_empty() && occupancy.free(prefix) > 0 {
        let batch: Vec<usize> = waiting.drain(..BATCH.min(waiting.len())).collect();
        let placed = place_batch(problem, prefix, &batch, &occupancy)?;
        if placed.iter().all(Option::is_none) {
            // Only costs that lack codewords can get here; without progress there is no end.
            waiting.extend(batch);
            break;
        }
        for (item, place) in batch.into_iter().zip(placed).rev() {
            match place {
                Some((_, codes, added)) => {
                    occupancy.add(&codes, 1);
                    found.push((item, codes, added));
                }
                None => waiting.push_front(item),
            }
        }
    }
    Ok(Outcome { found, left_over: waiting.into() })
}

/// Where the items of a batch go: as many as possible, at the smallest sum of increases over the places they look at.
fn place_batch(
    problem: &Problem<'_>,
    prefix: &[u32],
    batch: &[usize],
    occupancy: &Occupancy<'_>,
) -> Result<Vec<Option<Found>>> {
    let levels = problem.clusters.len();
    let look = |item: &usize| {
        let near = places(problem.costs, occupancy, levels, (*item, prefix), batch.len())?;
        Ok((near, problem.own_distance(*item)?))
    };
    let near: Vec<(Vec<Place>, u64)> = batch.par_iter().map(look).collect::<Result<_>>()?;
    let mut columns: Vec<&[u32]> = near.iter().flat_map(|(near, _)| near).map(|(_, codes)| codes.as_slice()).collect();
    columns.sort_unstable();
    columns.dedup();
    let free: Vec<u64> = columns.iter().map(|codes| narrow(occupancy.free(codes))).collect();
    let edge = |(cost, codes): &Place| {
        let column = columns.binary_search(&codes.as_slice()).ok()?;
        Some(Edge { column, cost: *cost })
    };
    let row = |row: usize| {
        let row = near.get(row).map(|(near, stay)| Row { edges: near.iter().filter_map(edge).collect(), stay: *stay });
        Ok(row.unwrap_or_default())
    };
    let placed = solve(&free, &vec![None; batch.len()], &row)?;
    let named = |(item, place): (&usize, Option<(usize, i128)>)| {
        let (column, added) = place?;
        columns.get(column).map(|codes| (*item, codes.to_vec(), added))
    };
    Ok(batch.iter().zip(placed).map(named).collect())
}
