//! Places the new items of a group, which share all codes but the last, at the last level.

use super::occupancy::Occupancy;
use super::{Outcome, Problem, distance_at};
use crate::error::Result;
use crate::transport::limited::{AllowedColumns, Edge, solve};
use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Places the items of a group below their shared prefix; `group` is in the order of the item keys.
pub(super) fn place(
    problem: &Problem<'_>,
    prefix: &[u32],
    group: &[usize],
    occupancy: &Occupancy<'_>,
) -> Result<Outcome> {
    if keeps_all(problem, group, occupancy) {
        let found = group.iter().map(|item| (*item, problem.codes(*item).to_vec(), 0)).collect();
        return Ok(Outcome { found, left_over: Vec::new() });
    }
    let codes = |last: usize| [prefix, &[last as u32]].concat();
    let clusters = problem.clusters.last().copied().unwrap_or(0);
    let free: Vec<u64> = (0..clusters).map(|code| narrow(occupancy.free(&codes(code)))).collect();
    if free.iter().all(|free| *free == 0) {
        return Ok(Outcome { found: Vec::new(), left_over: group.to_vec() });
    }
    let own = |item: &usize| problem.codes(*item).last().copied().unwrap_or(0);
    let own_columns: Vec<Option<usize>> = group.iter().map(|item| Some(own(item) as usize)).collect();
    // Equal items have equal distances, which are computed once.
    let (alike, rows) = (problem.alike(group)?, RefCell::new(HashMap::new()));
    let repeated: HashSet<usize> =
        alike.iter().enumerate().filter(|(at, first)| at != *first).map(|(_, first)| *first).collect();
    let places = solve(&free, &own_columns, &|row| {
        problem.costs.go_on()?;
        let (Some(item), Some(first)) = (group.get(row), alike.get(row)) else { return Ok(AllowedColumns::default()) };
        if let Some(known) = rows.borrow().get(first) {
            return Ok(AllowedColumns::clone(known));
        }
        let distances = problem.costs.distances(*item, prefix)?;
        let stay = distance_at(&distances, own(item))?;
        let made = AllowedColumns { edges: nearest(&distances, &free, group.len()), stay };
        if repeated.contains(first) {
            rows.borrow_mut().insert(*first, made.clone());
        }
        Ok(made)
    })?;
    let mut outcome = Outcome::default();
    for (item, place) in group.iter().zip(places) {
        match place {
            Some((column, added)) => outcome.found.push((*item, codes(column), added)),
            None => outcome.left_over.push(*item),
        }
    }
    Ok(outcome)
}

/// Returns whether every code has a free place for each of the group's items that encoding put there.
fn keeps_all(problem: &Problem<'_>, group: &[usize], occupancy: &Occupancy<'_>) -> bool {
    let mut wanted = BTreeMap::new();
    group.iter().for_each(|item| *wanted.entry(problem.codes(*item)).or_insert(0_u128) += 1);
    wanted.iter().all(|(codes, items)| *items <= occupancy.free(codes))
}

/// Returns the nearest columns that together have a place for each of `rows` rows; on a tie, the lowest columns.
///
/// A row never needs a column beyond these: the other rows leave at least one of these places free, and none beyond is
/// nearer.
fn nearest(distances: &[u64], free: &[u64], rows: usize) -> Vec<Edge> {
    let open = distances.iter().zip(free).enumerate().filter(|(_, (_, free))| **free > 0);
    let mut edges: Vec<Edge> = open.map(|(column, (cost, _))| Edge { column, cost: *cost }).collect();
    edges.sort_unstable_by_key(|edge| (edge.cost, edge.column));
    let mut places = 0_u64;
    let needed = edges.iter().take_while(|edge| {
        let enough = places >= rows as u64;
        places = places.saturating_add(free.get(edge.column).copied().unwrap_or(0));
        !enough
    });
    let needed = needed.count();
    edges.truncate(needed);
    edges
}

/// Converts a number of places to u64; a number that does not fit becomes the largest, which no batch can fill either.
pub(super) fn narrow(places: u128) -> u64 {
    u64::try_from(places).unwrap_or(u64::MAX)
}
