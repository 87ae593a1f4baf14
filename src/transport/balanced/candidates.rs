//! The clusters that each kind of row may get, and a bound on the costs of all other clusters.

use super::classes::classes;
use super::costs::Costs;
use super::groups::Groups;
use crate::error::Result;
use crate::kernel::range_search::RangeMatches;

/// Above every `cost + price`, so that this limit lists all clusters.
pub(super) const NO_LIMIT: i128 = 1 << 120;
/// Below every `cost + price`, so that this limit lists none.
const NOTHING: i128 = -NO_LIMIT;

/// A kind that needs a new list: of all clusters less than `width` above the cheapest one, which costs at most `bound`.
pub(super) struct Open {
    pub(super) kind: usize,
    pub(super) bound: i128,
    pub(super) width: i128,
}

/// The exact costs of some clusters per kind. Each cluster that a kind does not list had, at the prices of the kind's
/// generation, a `cost + price` of at least the kind's limit.
pub(super) struct ListedClusters<'a> {
    kinds: &'a Groups,
    near: RangeMatches,
    clusters: usize,
    limits: Vec<i128>,
    generation: Vec<u32>,
    /// The prices at which each generation of lists was made.
    prices: Vec<Vec<i128>>,
    classes: Groups,
}

impl<'a> ListedClusters<'a> {
    /// Lists for every kind the clusters that cost less than `width` above the cheapest one. `bounds` has for every row
    /// at least the `cost + price` of its cheapest cluster.
    pub(super) fn new(
        costs: &mut dyn Costs,
        prices: &[i128],
        kinds: &'a Groups,
        bounds: &[i128],
        width: i128,
    ) -> Result<Self> {
        let bounds: Vec<i128> = (0..kinds.len()).filter_map(|kind| bounds.get(kinds.first(kind)).copied()).collect();
        let open: Vec<Open> =
            bounds.iter().enumerate().map(|(kind, bound)| Open { kind, bound: *bound, width }).collect();
        let generation = vec![0; open.len()];
        let mut new = Self {
            kinds,
            near: RangeMatches::new(),
            clusters: prices.len(),
            limits: bounds,
            generation,
            prices: Vec::new(),
            classes: Groups::default(),
        };
        new.renew(costs, prices, &open)?;
        Ok(new)
    }

    pub(super) fn kinds(&self) -> &'a Groups {
        self.kinds
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters
    }

    /// Iterates over the listed clusters of a kind and their costs, in the order of the clusters.
    #[inline(always)]
    pub(super) fn list(&self, kind: usize) -> impl ExactSizeIterator<Item = (usize, u64)> + Clone {
        self.near.row(kind)
    }

    /// Returns the classes of kinds with equal lists.
    pub(super) fn classes(&self) -> &Groups {
        &self.classes
    }

    /// Returns the cost of a cluster that the kind lists.
    pub(super) fn cost(&self, kind: usize, cluster: usize) -> u64 {
        self.list(kind).find(|(k, _)| *k == cluster).map_or(0, |(_, cost)| cost)
    }

    /// Returns the listed cluster with the smallest `cost + price`, the lowest one on a tie.
    pub(super) fn cheapest(&self, kind: usize, prices: &[i128]) -> usize {
        self.list(kind).map(|(k, cost)| (i128::from(cost) + prices[k], k)).min().map_or(0, |(_, k)| k)
    }

    pub(super) fn entries(&self) -> usize {
        self.near.entries()
    }

    /// Iterates over the kinds: a lower bound on `cost + price` of the clusters that each kind does not list.
    pub(super) fn others<'b>(&'b self, prices: &'b [i128]) -> impl Iterator<Item = i128> + 'b {
        let drift = |old: &Vec<i128>| prices.iter().zip(old).map(|(new, old)| new - old).min().unwrap_or(0);
        let drifts: Vec<i128> = self.prices.iter().map(drift).collect();
        let kinds = self.limits.iter().zip(&self.generation).enumerate();
        kinds.map(move |(kind, (limit, generation))| match self.list(kind).len() == self.clusters {
            true => NO_LIMIT,
            false => limit + drifts.get(*generation as usize).copied().unwrap_or(NOTHING),
        })
    }

    /// Makes new lists for the given kinds, all at `prices`.
    pub(super) fn renew(&mut self, costs: &mut dyn Costs, prices: &[i128], open: &[Open]) -> Result<()> {
        let mut limits = vec![NOTHING; self.kinds.members()];
        let mut widths = vec![0; self.kinds.len()];
        for Open { kind, bound, width } in open {
            let limit = (bound + width).min(NO_LIMIT);
            limits[self.kinds.first(*kind)] = limit;
            self.limits[*kind] = limit;
            self.generation[*kind] = self.prices.len() as u32;
            widths[*kind] = *width;
        }
        self.prices.push(prices.to_vec());
        let fresh = costs.range_search(prices, &limits)?;
        let mut merged = RangeMatches::with_capacity(self.kinds.len(), self.near.entries() + fresh.entries())?;
        for (kind, generation) in self.generation.iter().enumerate() {
            if *generation as usize + 1 == self.prices.len() {
                let fresh = fresh.row(self.kinds.first(kind));
                let priced = |(cluster, cost): &(usize, u64)| i128::from(*cost) + prices[*cluster];
                let least = fresh.clone().map(|entry| priced(&entry)).min().unwrap_or(NO_LIMIT);
                let limit = self.limits[kind].min(least + widths[kind]);
                self.limits[kind] = limit;
                // Clusters listed before stay: with short lists alone, the search would forget and find the same
                // clusters by turns.
                let kept = fresh.filter(|entry| priced(entry) < limit);
                union(self.near.row(kind), kept, |cluster, cost| merged.push(cluster as u32, cost));
            } else {
                self.near.row(kind).for_each(|(cluster, cost)| merged.push(cluster as u32, cost));
            }
            merged.end_row();
        }
        self.near = merged;
        self.classes = classes(&self.near, self.kinds);
        Ok(())
    }
}

/// Calls `take` with all entries of two ascending lists; entries in both lists come once.
fn union(
    a: impl Iterator<Item = (usize, u64)>,
    b: impl Iterator<Item = (usize, u64)>,
    mut take: impl FnMut(usize, u64),
) {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    while let Some(next) = a.peek().into_iter().chain(b.peek()).map(|(cluster, _)| *cluster).min() {
        let entry = a.next_if(|(cluster, _)| *cluster == next);
        let other = b.next_if(|(cluster, _)| *cluster == next);
        if let Some((cluster, cost)) = entry.or(other) {
            take(cluster, cost);
        }
    }
}
