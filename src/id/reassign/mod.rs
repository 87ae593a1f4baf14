//! Reassignment: new items whose codes are taken move to the nearest free codes.
//!
//! A *place* is one of the `capacity` items that may have the same codes. Places that published or retired items use
//! are never touched; the solver places the new items of one call. The *distance* of an item at some codes is the value
//! that encoding minimises at the last level: the squared distance from the item's residual, after all codes but the
//! last, to the codeword of the last code. Without normalised residuals it equals the squared distance from the item to
//! the point that the codes decode to, so distances below different prefixes can be compared. The *increase* of an item
//! at some codes is its distance there less its distance at its encoded codes. It may be negative below another prefix,
//! as encoding is greedy.
//!
//! # The rule
//! Where the caller gives candidates, step 0 of [`candidates`] comes first, and the steps below take the items that it
//! leaves over. Where labels give the codes of first levels, no step changes these codes: items stay in their category.
//!
//! 1. *Last level.* New items that share all codes but the last form a group; groups do not affect each other. Where no
//!    code of the group has more items than free places, every item keeps its encoded codes. Otherwise the solver
//!    places as many items of the group as possible below their shared prefix, at the smallest possible sum of
//!    increases. This is exact ([`transport`](crate::transport)). It may move an item away from its encoded codes, in
//!    favour of another item, where that makes the sum smaller.
//! 2. *Upwards.* Items left over are grouped by one code less, and all free places below that shorter prefix are open
//!    to them; the items placed before stay. They are placed in batches of [`upward::BATCH`], in the order of their
//!    keys. Each batch places as many of its items as possible at the smallest sum of increases over the places that
//!    its items look at. The sum is exact for these places; which places an item looks at is a heuristic. An item goes
//!    through the prefixes of the last level, nearest first at every level and passing over full ones, until it has
//!    seen [`search::PREFIXES`] of them and as many free places as the batch has items, or [`search::MOST_PREFIXES`]
//!    prefixes. An item that finds no place within a batch joins the next one; it is left over only where no place is
//!    free. This repeats with one code less each time, up to the codes that labels give, or else the empty prefix.
//! 3. *Suffix.* Items left over, when the whole space below that is full, keep their encoded codes and need a suffix.
//!
//! # Exactness
//! Equal items follow the same rule as all others: the order of their keys decides, and the nearest free place goes
//! first.
//!
//! Costs and potentials are integers. The result depends only on the set of (key, codes) and on the used places, not on
//! the order of the items, on threads or on devices. The solver places items in the order of their keys, each at the
//! end of its shortest path; on a tie it takes the lowest free codes.
//!
//! # Cost
//! A group without a collision computes no distances. Other groups compute one row of distances per item that a search
//! reaches; n items on K codes need at most n searches over K codes and the edges of the items, and far fewer where a
//! near place is free. In step 2 an item computes about ten rows of distances, and seldom more than
//! [`search::MOST_PREFIXES`]. Equal items share their rows: within a group, and within every batch of step 2, where a
//! batch of equal items needs no search either. So the time grows with the number of items, whether they are equal or
//! not. The used places below a prefix are held in memory while its group is placed: where items find no place below
//! their first code, that is the whole registry.
//!
//! # References
//! R. Jonker, A. Volgenant, A Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems,
//! Computing 38, 1987.

mod batch;
mod candidates;
mod group;
mod occupancy;
mod search;
mod upward;

#[cfg(test)]
mod tests;

use super::store::UsedCodes;
use crate::error::{Error, ErrorKind, Result};
use crate::quantizer::{Candidates, Costs, CostsOfRow};
use occupancy::Occupancy;
use rayon::prelude::*;
use std::collections::BTreeMap;

/// Returns, for each prefix, the used places below it: each list of codes once, with the number of its used places.
pub(crate) type UsedBelow<'a> = dyn FnMut(&[&[u32]]) -> Result<Vec<Vec<UsedCodes>>> + 'a;

/// Returns the candidates of some items.
pub(crate) type FindCandidates<'a> = dyn Fn(&[usize]) -> Result<Candidates> + 'a;

/// Where the solver puts a new item.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Placed {
    /// The codes.
    pub(crate) codes: Vec<u32>,
    /// Whether these codes have no free place, so that only a suffix beyond the capacity makes the ID unique.
    pub(crate) suffix_needed: bool,
    /// The squared distance of the item at these codes less that at its encoded codes.
    pub(crate) added_distance: i128,
}

/// The places that items may have.
#[derive(Clone, Copy)]
pub(crate) struct Space<'a> {
    /// The number of codes of every level.
    pub(crate) clusters: &'a [usize],
    /// How many first levels have codes that labels give, which no item changes.
    pub(crate) fixed: usize,
    /// The places of every list of codes.
    pub(crate) capacity: u64,
}

/// The new items and the space they are placed in.
struct Problem<'a> {
    encoded: &'a [Vec<u32>],
    clusters: &'a [usize],
    fixed: usize,
    capacity: u64,
    costs: &'a dyn Costs,
}

/// An item, the codes where it was placed, and its increase.
type Placement = (usize, Vec<u32>, i128);

/// The result of one step: the items that found a place, and those left over.
#[derive(Default)]
struct Outcome {
    found: Vec<Placement>,
    left_over: Vec<usize>,
}

/// Places new items by the rule of this module.
///
/// # Shapes
/// `encoded` (N, L), `keys` (N), the clusters of `space` (L); N results.
///
/// # Errors
/// A parameter error for lists of unequal lengths or a capacity of 0, [`ErrorKind::Code`] for a code outside its level,
/// and any error of `used_below`, `costs` and `find`.
pub(crate) fn reassign(
    encoded: &[Vec<u32>],
    keys: &[&str],
    space: Space<'_>,
    used_below: &mut UsedBelow<'_>,
    costs: &dyn Costs,
    find: Option<&FindCandidates<'_>>,
) -> Result<Vec<Placed>> {
    let Space { clusters, fixed, capacity } = space;
    let problem = Problem { encoded, clusters, fixed, capacity, costs };
    problem.check(keys)?;
    let keep = |codes: &Vec<u32>| Placed { codes: codes.clone(), suffix_needed: true, added_distance: 0 };
    let mut placed: Vec<Placed> = encoded.iter().map(keep).collect();
    let mut taken = BTreeMap::new();
    let mut items: Vec<usize> = (0..encoded.len()).collect();
    let mut take = |outcome: Outcome, taken: &mut BTreeMap<Vec<u32>, u64>| {
        for (item, codes, added_distance) in outcome.found {
            *taken.entry(codes.clone()).or_insert(0) += 1;
            placed.get_mut(item).into_iter().for_each(|placed| {
                *placed = Placed { codes: codes.clone(), suffix_needed: false, added_distance };
            });
        }
        outcome.left_over
    };
    if let Some(find) = find {
        items = take(candidates::place(&problem, keys, used_below, find)?, &mut taken);
    }
    for depth in (fixed..clusters.len()).rev() {
        items = take(problem.level(depth, &mut items, keys, used_below, &taken)?, &mut taken);
    }
    Ok(placed)
}

impl Problem<'_> {
    fn check(&self, keys: &[&str]) -> Result<()> {
        if keys.len() != self.encoded.len() {
            return Err(Error::parameter(
                "keys",
                keys.len(),
                format!("must be {}, one for each item", self.encoded.len()),
            ));
        }
        if self.capacity == 0 || self.clusters.is_empty() {
            return Err(Error::parameter("capacity", self.capacity, "must be at least 1, and levels too"));
        }
        for (row, codes) in self.encoded.iter().enumerate() {
            if codes.len() != self.clusters.len() {
                return Err(Error::parameter(
                    "codes",
                    codes.len(),
                    format!("must be {}, one for each level", self.clusters.len()),
                ));
            }
            for (level, (code, clusters)) in codes.iter().zip(self.clusters).enumerate() {
                if *code as usize >= *clusters {
                    return Err(ErrorKind::Code { row, level, code: *code, clusters: *clusters }.into());
                }
            }
        }
        Ok(())
    }

    /// Places `items` below their first `depth` codes; `taken` holds the places of the new items that earlier steps
    /// placed.
    fn level(
        &self,
        depth: usize,
        items: &mut [usize],
        keys: &[&str],
        used_below: &mut UsedBelow<'_>,
        taken: &BTreeMap<Vec<u32>, u64>,
    ) -> Result<Outcome> {
        let prefix = |item: &usize| self.codes(*item).get(..depth).unwrap_or_default();
        let order = |item: &usize| (prefix(item), keys.get(*item), self.codes(*item), *item);
        items.par_sort_unstable_by(|a, b| order(a).cmp(&order(b)));
        let groups = items.chunk_by(|a, b| prefix(a) == prefix(b));
        let prefixes: Vec<&[u32]> = groups.clone().filter_map(|group| group.first()).map(prefix).collect();
        if prefixes.is_empty() {
            return Ok(Outcome::default());
        }
        let with_used = prefixes.iter().zip(groups).zip(used_below(&prefixes)?);
        let mut groups = Vec::new();
        for ((prefix, group), used) in with_used {
            let mut occupancy = Occupancy::new(self.clusters, self.capacity, depth);
            used.iter().for_each(|(codes, used)| occupancy.add(codes, *used));
            let below = taken.range(prefix.to_vec()..).take_while(|(codes, _)| codes.starts_with(prefix));
            below.for_each(|(codes, used)| occupancy.add(codes, *used));
            groups.push((*prefix, group, occupancy));
        }
        let place =
            |(prefix, group, occupancy): (&[u32], &[usize], Occupancy<'_>)| match depth + 1 == self.clusters.len() {
                true => group::place(self, prefix, group, &occupancy),
                false => upward::place(self, prefix, group, occupancy),
            };
        let outcomes: Vec<Outcome> = groups.into_par_iter().map(place).collect::<Result<_>>()?;
        let mut all = Outcome::default();
        outcomes.into_iter().for_each(|outcome| all.append(outcome));
        Ok(all)
    }

    fn codes(&self, item: usize) -> &[u32] {
        self.encoded.get(item).map_or(&[], Vec::as_slice)
    }

    /// Returns for each of `items` the position in this list of the first item with the same codes and distances.
    fn alike(&self, items: &[usize]) -> Result<Vec<usize>> {
        let mut alike = self.costs.alike(items)?;
        for (at, first) in alike.iter_mut().enumerate() {
            let codes = |at: usize| items.get(at).map(|item| self.codes(*item));
            if codes(at) != codes(*first) {
                *first = at;
            }
        }
        Ok(alike)
    }

    /// Returns the distance of an item, whose distances `distances` computes, at its encoded codes.
    fn own_distance(&self, item: usize, distances: &CostsOfRow<'_>) -> Result<u64> {
        match self.codes(item).split_last() {
            Some((code, prefix)) => distance_at(&distances(prefix)?, *code),
            None => Ok(0),
        }
    }
}

impl Outcome {
    fn append(&mut self, mut other: Self) {
        self.found.append(&mut other.found);
        self.left_over.append(&mut other.left_over);
    }
}

/// Returns the distance to codeword `code`.
fn distance_at(distances: &[u64], code: u32) -> Result<u64> {
    let missing = || Error::parameter("distances", distances.len(), format!("must reach code {code}"));
    distances.get(code as usize).copied().ok_or_else(missing)
}
