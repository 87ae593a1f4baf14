//! The clusters that each row may get, and a bound on the costs of all other clusters.

use super::classes::Classes;
use super::costs::Costs;
use crate::error::Result;
use crate::kernel::range_search::RangeMatches;

/// Above every `cost + price`, so that this limit lists all clusters.
pub(super) const NO_LIMIT: i128 = 1 << 120;
/// Below every `cost + price`, so that this limit lists none.
const NOTHING: i128 = -NO_LIMIT;

/// A row that needs a new list: of all clusters less than `width` above the cheapest one, which costs at most `bound`.
pub(super) struct Open {
    pub(super) row: usize,
    pub(super) bound: i128,
    pub(super) width: i128,
}

/// The exact costs of some clusters per row. Each cluster that a row does not list had, at the prices of the row's
/// generation, a `cost + price` of at least the row's limit.
pub(super) struct Candidates {
    near: RangeMatches,
    clusters: usize,
    limits: Vec<i128>,
    generation: Vec<u32>,
    /// The prices at which each generation of lists was made.
    prices: Vec<Vec<i128>>,
    classes: Classes,
}

impl Candidates {
    /// Lists for every row the clusters that cost less than `width` above the cheapest one. `bounds` has for every row
    /// at least the `cost + price` of its cheapest cluster.
    pub(super) fn new(costs: &mut dyn Costs, prices: &[i128], bounds: Vec<i128>, width: i128) -> Result<Self> {
        let near = RangeMatches::new();
        let open: Vec<Open> =
            bounds.iter().enumerate().map(|(row, bound)| Open { row, bound: *bound, width }).collect();
        let generation = vec![0; open.len()];
        let mut new = Self {
            near,
            clusters: prices.len(),
            limits: bounds,
            generation,
            prices: Vec::new(),
            classes: Classes::default(),
        };
        new.renew(costs, prices, &open)?;
        Ok(new)
    }

    pub(super) fn rows(&self) -> usize {
        self.limits.len()
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters
    }

    /// Iterates over the listed clusters of a row and their costs, in the order of the clusters.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, u64)> + Clone {
        self.near.row(row)
    }

    /// Returns the classes of rows with equal lists.
    pub(super) fn classes(&self) -> &Classes {
        &self.classes
    }

    /// Returns the cost of a cluster that the row lists.
    pub(super) fn cost(&self, row: usize, cluster: usize) -> u64 {
        self.row(row).find(|(k, _)| *k == cluster).map_or(0, |(_, cost)| cost)
    }

    /// Returns the listed cluster with the smallest `cost + price`, the lowest one on a tie.
    pub(super) fn cheapest(&self, row: usize, prices: &[i128]) -> usize {
        self.row(row).map(|(k, cost)| (i128::from(cost) + prices[k], k)).min().map_or(0, |(_, k)| k)
    }

    pub(super) fn entries(&self) -> usize {
        self.near.entries()
    }

    /// Iterates over the rows: a lower bound on `cost + price` of the clusters that each row does not list.
    pub(super) fn others<'a>(&'a self, prices: &'a [i128]) -> impl Iterator<Item = i128> + 'a {
        let drift = |old: &Vec<i128>| prices.iter().zip(old).map(|(new, old)| new - old).min().unwrap_or(0);
        let drifts: Vec<i128> = self.prices.iter().map(drift).collect();
        let rows = self.limits.iter().zip(&self.generation).enumerate();
        rows.map(move |(row, (limit, generation))| match self.row(row).len() == self.clusters {
            true => NO_LIMIT,
            false => limit + drifts.get(*generation as usize).copied().unwrap_or(NOTHING),
        })
    }

    /// Makes new lists for the given rows, all at `prices`.
    pub(super) fn renew(&mut self, costs: &mut dyn Costs, prices: &[i128], open: &[Open]) -> Result<()> {
        let mut limits = vec![NOTHING; self.rows()];
        let mut widths = vec![0; self.rows()];
        for Open { row, bound, width } in open {
            limits[*row] = (bound + width).min(NO_LIMIT);
            self.limits[*row] = limits[*row];
            self.generation[*row] = self.prices.len() as u32;
            widths[*row] = *width;
        }
        self.prices.push(prices.to_vec());
        let fresh = costs.range_search(prices, &limits)?;
        let mut merged = RangeMatches::with_capacity(self.rows(), self.near.entries() + fresh.entries())?;
        for (row, generation) in self.generation.iter().enumerate() {
            if *generation as usize + 1 == self.prices.len() {
                let priced = |(cluster, cost): &(usize, u64)| i128::from(*cost) + prices[*cluster];
                let least = fresh.row(row).map(|entry| priced(&entry)).min().unwrap_or(NO_LIMIT);
                let limit = self.limits[row].min(least + widths[row]);
                self.limits[row] = limit;
                // Clusters listed before stay: with short lists alone, the search would forget and find the same
                // clusters by turns.
                let kept = fresh.row(row).filter(|entry| priced(entry) < limit);
                union(self.near.row(row), kept, |cluster, cost| merged.push(cluster as u32, cost));
            } else {
                self.near.row(row).for_each(|(cluster, cost)| merged.push(cluster as u32, cost));
            }
            merged.end_row();
        }
        self.near = merged;
        self.classes = Classes::of(&self.near, self.rows());
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
