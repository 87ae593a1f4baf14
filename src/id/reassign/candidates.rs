//! Moves items whose codes are taken to the nearest free ones of their candidates.
//!
//! The candidates of an item are the codes of the smallest total distances that a [`beam`](crate::beam) over all levels
//! finds. They may differ from the item's codes at any level but those whose codes labels give, and the item may be
//! nearer to them than to its own codes.
//!
//! # The rule
//! 0. *Candidates.* Where codes have free places for all items that were encoded to them, these items keep them. All
//!    other items contend, in the order of their codes, then of their keys, in batches of [`BATCH`]. Each batch places
//!    as many of its items as possible at the smallest sum of increases; an item may have a free place of its encoded
//!    codes or of its candidates. Items that find no place are left over.
//!
//! # Exactness
//! The sum is exact for the places of a batch. Distances, and the order of candidates, are those of
//! [`Candidates`](crate::quantizer::Candidates). Nothing depends on the order of the items, on threads or on devices.
//!
//! # Cost
//! Only items that contend are searched for. A batch of n items with k candidates each needs at most n searches over
//! n k edges.

use super::batch::{self, Look};
use super::search::FreePlace;
use super::{FindCandidates, Outcome, Problem, UsedBelow};
use crate::error::{Error, Result};
use crate::quantizer::Candidates;
use rayon::prelude::*;
use std::collections::HashMap;

/// How many items are placed together.
pub(super) const BATCH: usize = 1024;

/// Places the items by step 0.
pub(super) fn place(
    problem: &Problem<'_>,
    keys: &[&str],
    used_below: &mut UsedBelow<'_>,
    find: &FindCandidates<'_>,
) -> Result<Outcome> {
    let mut order: Vec<usize> = (0..problem.encoded.len()).collect();
    order.par_sort_unstable_by_key(|item| (problem.codes(*item), keys.get(*item), *item));
    let (mut free, mut outcome) = (FreePlaces::new(problem.capacity), Outcome::default());
    free.learn(order.iter().map(|item| problem.codes(*item)), used_below)?;
    let mut contending = Vec::new();
    for group in order.chunk_by(|a, b| problem.codes(*a) == problem.codes(*b)) {
        let codes = group.first().map(|item| problem.codes(*item)).unwrap_or_default();
        match free.of(codes) >= group.len() as u64 {
            true => {
                free.take(codes, group.len() as u64);
                outcome.found.extend(group.iter().map(|item| (*item, codes.to_vec(), 0)));
            }
            false => contending.extend_from_slice(group),
        }
    }
    for batch in contending.chunks(BATCH) {
        problem.costs.go_on()?;
        let candidates = find(batch)?;
        if candidates.len() != batch.len() || candidates.levels() != problem.clusters.len() {
            return Err(Error::parameter(
                "candidates",
                candidates.len(),
                format!("must be {}, one for each item", batch.len()),
            ));
        }
        free.learn(candidates.codes().chunks_exact(candidates.levels()), used_below)?;
        let look = |(at, item): (usize, &usize)| look(problem, *item, &candidates, at, &free);
        let looks: Vec<Look> = batch.par_iter().enumerate().map(look).collect::<Result<_>>()?;
        let looks: Vec<Option<&Look>> = looks.iter().map(Some).collect();
        for (item, place) in batch.iter().zip(batch::place(batch, &looks, &|codes| free.of(codes))?) {
            match place {
                Some(placement) => {
                    free.take(&placement.1, 1);
                    outcome.found.push(placement);
                }
                None => outcome.left_over.push(*item),
            }
        }
    }
    Ok(outcome)
}

/// Returns the free places that an item may have, whose candidates are those at `at`.
fn look(problem: &Problem<'_>, item: usize, candidates: &Candidates, at: usize, free: &FreePlaces) -> Result<Look> {
    let distances = |prefix: &[u32]| problem.costs.distances(item, prefix);
    let (stay, own) = (problem.own_distance(item, &distances)?, problem.codes(item));
    let given = |codes: &[u32]| codes.get(..problem.fixed) == own.get(..problem.fixed);
    let others = candidates.row(at).filter(|(codes, _)| *codes != own && given(codes));
    let all = others.map(|(codes, distance)| (distance, codes)).chain([(stay, own)]);
    let near = all.filter(|(_, codes)| free.of(codes) > 0).map(|(distance, codes)| (distance, codes.to_vec()));
    Ok(Look { near: near.collect::<Vec<FreePlace>>(), stay })
}

/// The number of free places of codes.
struct FreePlaces {
    capacity: u64,
    free: HashMap<Vec<u32>, u64>,
}

impl FreePlaces {
    fn new(capacity: u64) -> Self {
        Self { capacity, free: HashMap::new() }
    }

    /// Asks for the used places of codes that it does not know yet.
    fn learn<'a>(&mut self, codes: impl Iterator<Item = &'a [u32]>, used_below: &mut UsedBelow<'_>) -> Result<()> {
        let mut unknown: Vec<&[u32]> = codes.filter(|codes| !self.free.contains_key(*codes)).collect();
        unknown.sort_unstable();
        unknown.dedup();
        if unknown.is_empty() {
            return Ok(());
        }
        for (codes, used) in unknown.iter().zip(used_below(&unknown)?) {
            let used = used.iter().fold(0, |sum: u64, (_, used)| sum.saturating_add(*used));
            self.free.insert(codes.to_vec(), self.capacity.saturating_sub(used));
        }
        Ok(())
    }

    /// Returns the number of free places of `codes`; 0 for codes that were never asked for.
    fn of(&self, codes: &[u32]) -> u64 {
        self.free.get(codes).copied().unwrap_or(0)
    }

    fn take(&mut self, codes: &[u32], places: u64) {
        self.free.get_mut(codes).into_iter().for_each(|free| *free = free.saturating_sub(places));
    }
}
