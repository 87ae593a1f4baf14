//! Places the items whose group was full below a shorter prefix.

use super::group::narrow;
use super::occupancy::Occupancy;
use super::search::{FreePlace, places};
use super::{Outcome, Placement, Problem};
use crate::error::Result;
use crate::transport::limited::{AllowedColumns, Edge, solve};
use rayon::prelude::*;
use std::collections::VecDeque;

/// How many items are placed together.
pub(super) const BATCH: usize = 256;

/// Places the items of a group below their shared prefix; `group` is in the order of the item keys.
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
            // Only costs that lack codewords lead here; without this check the loop would never end.
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

/// Places as many items of a batch as possible, at the smallest sum of increases over the places that they look at.
fn place_batch(
    problem: &Problem<'_>,
    prefix: &[u32],
    batch: &[usize],
    occupancy: &Occupancy<'_>,
) -> Result<Vec<Option<Placement>>> {
    let levels = problem.clusters.len();
    let look = |item: usize| {
        problem.costs.go_on()?;
        let near = places(&*problem.costs.of_row(item)?, occupancy, levels, prefix, batch.len())?;
        Ok((near, problem.own_distance(item)?))
    };
    // Equal items look at the same places, so one of them searches for all.
    let alike = problem.alike(batch)?;
    if let (Some(first), true) = (batch.first(), alike.iter().all(|first| *first == 0)) {
        return Ok(of_equal_items(batch, look(*first)?, occupancy));
    }
    let near = batch.par_iter().zip(&alike).enumerate();
    let near = near.map(|(at, (item, first))| if at == *first { look(*item).map(Some) } else { Ok(None) });
    let near: Vec<Option<(Vec<FreePlace>, u64)>> = near.collect::<Result<_>>()?;
    let seen = |row: usize| alike.get(row).and_then(|first| near.get(*first)).and_then(Option::as_ref);
    let mut columns: Vec<&[u32]> =
        near.iter().flatten().flat_map(|(near, _)| near).map(|(_, codes)| codes.as_slice()).collect();
    columns.sort_unstable();
    columns.dedup();
    let free: Vec<u64> = columns.iter().map(|codes| narrow(occupancy.free(codes))).collect();
    let edge = |(cost, codes): &FreePlace| {
        let column = columns.binary_search(&codes.as_slice()).ok()?;
        Some(Edge { column, cost: *cost })
    };
    let row = |row: usize| {
        let row =
            seen(row).map(|(near, stay)| AllowedColumns { edges: near.iter().filter_map(edge).collect(), stay: *stay });
        Ok(row.unwrap_or_default())
    };
    let placed = solve(&free, &vec![None; batch.len()], &row)?;
    let named = |(item, place): (&usize, Option<(usize, i128)>)| {
        let (column, added) = place?;
        columns.get(column).map(|codes| (*item, codes.to_vec(), added))
    };
    Ok(batch.iter().zip(placed).map(named).collect())
}

/// Places a batch of equal items: each looks at the places `near` and has the distance `stay` at its encoded codes. The
/// result is that of [`solve`], as exchanging equal items changes no sum.
fn of_equal_items(
    batch: &[usize],
    (near, stay): (Vec<FreePlace>, u64),
    occupancy: &Occupancy<'_>,
) -> Vec<Option<Placement>> {
    let times = |codes: &[u32]| narrow(occupancy.free(codes)).min(batch.len() as u64) as usize;
    let mut places = near.iter().flat_map(|(cost, codes)| std::iter::repeat_n((cost, codes), times(codes)));
    let place = |item: &usize| {
        let (cost, codes) = places.next()?;
        Some((*item, codes.clone(), i128::from(*cost) - i128::from(stay)))
    };
    batch.iter().map(place).collect()
}
