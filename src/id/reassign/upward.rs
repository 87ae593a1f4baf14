//! Places the items whose group was full below a shorter prefix.

use super::batch::{self, Look};
use super::group::narrow;
use super::occupancy::Occupancy;
use super::search::places;
use super::{Outcome, Placement, Problem};
use crate::error::Result;
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
        let distances = problem.costs.of_row(item)?;
        let near = places(&*distances, occupancy, levels, prefix, batch.len())?;
        Ok(Look { near, stay: problem.own_distance(item, &*distances)? })
    };
    // Equal items look at the same places, so one of them searches for all.
    let alike = problem.alike(batch)?;
    if let (Some(first), true) = (batch.first(), alike.iter().all(|first| *first == 0)) {
        return Ok(of_equal_items(batch, look(*first)?, occupancy));
    }
    let looks = batch.par_iter().zip(&alike).enumerate();
    let looks = looks.map(|(at, (item, first))| if at == *first { look(*item).map(Some) } else { Ok(None) });
    let looks: Vec<Option<Look>> = looks.collect::<Result<_>>()?;
    let of_item = |first: &usize| looks.get(*first).and_then(Option::as_ref);
    let looks: Vec<Option<&Look>> = alike.iter().map(of_item).collect();
    batch::place(batch, &looks, &|codes| narrow(occupancy.free(codes)))
}

/// Places a batch of equal items, which look at the same places. The result is that of [`batch::place`], as exchanging
/// equal items changes no sum.
fn of_equal_items(batch: &[usize], Look { near, stay }: Look, occupancy: &Occupancy<'_>) -> Vec<Option<Placement>> {
    let times = |codes: &[u32]| narrow(occupancy.free(codes)).min(batch.len() as u64) as usize;
    let mut places = near.iter().flat_map(|(cost, codes)| std::iter::repeat_n((cost, codes), times(codes)));
    let place = |item: &usize| {
        let (cost, codes) = places.next()?;
        Some((*item, codes.clone(), i128::from(*cost) - i128::from(stay)))
    };
    batch.iter().map(place).collect()
}
