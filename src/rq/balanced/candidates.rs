//! The clusters that a row may be given, and a bound of what all the others cost.

use super::solve::Costs;
use crate::error::Result;
use crate::kernel::within::Near;

/// Above every `cost + price`: a limit that lists all clusters.
pub(super) const NO_LIMIT: i128 = 1 << 120;
/// Below every `cost + price`: a limit that lists none.
const NOTHING: i128 = -NO_LIMIT;

/// Exact costs of some clusters per row. A cluster that is not listed had, at the prices of the row's generation, a
/// `cost + price` of at least the row's limit.
pub(super) struct Candidates {
    near: Near,
    clusters: usize,
    limits: Vec<i128>,
    generation: Vec<u32>,
    /// Prices at which lists were made.
    prices: Vec<Vec<i128>>,
}

impl Candidates {
    /// Lists what lies below `limits` at `prices`, and less than `width` above the cheapest.
    pub(super) fn new(costs: &mut dyn Costs, prices: &[i128], limits: Vec<i128>, width: i128) -> Result<Self> {
        let near = Near::new();
        let rows: Vec<(usize, i128)> = limits.iter().copied().enumerate().collect();
        let generation = vec![0; rows.len()];
        let mut new = Self { near, clusters: prices.len(), limits, generation, prices: Vec::new() };
        new.renew(costs, prices, &rows, width)?;
        Ok(new)
    }

    pub(super) fn rows(&self) -> usize {
        self.limits.len()
    }

    pub(super) fn clusters(&self) -> usize {
        self.clusters
    }

    /// Listed clusters of a row with their costs, ascending.
    #[inline(always)]
    pub(super) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, u64)> + Clone {
        self.near.row(row)
    }

    pub(super) fn entries(&self) -> usize {
        self.near.entries()
    }

    /// For every row a lower bound of `cost + price` of the clusters that are not listed.
    pub(super) fn others<'a>(&'a self, prices: &'a [i128]) -> impl Iterator<Item = i128> + 'a {
        let drift = |old: &Vec<i128>| prices.iter().zip(old).map(|(new, old)| new - old).min().unwrap_or(0);
        let drifts: Vec<i128> = self.prices.iter().map(drift).collect();
        let rows = self.limits.iter().zip(&self.generation).enumerate();
        rows.map(move |(row, (limit, generation))| match self.row(row).len() == self.clusters {
            true => NO_LIMIT,
            false => limit + drifts.get(*generation as usize).copied().unwrap_or(NOTHING),
        })
    }

    /// Lists the given rows, ascending, anew with other limits, all at `prices` and less than `width` above the cheapest.
    pub(super) fn renew(
        &mut self,
        costs: &mut dyn Costs,
        prices: &[i128],
        rows: &[(usize, i128)],
        width: i128,
    ) -> Result<()> {
        let mut limits = vec![NOTHING; self.rows()];
        for (row, limit) in rows {
            limits[*row] = *limit;
            self.limits[*row] = *limit;
            self.generation[*row] = self.prices.len() as u32;
        }
        self.prices.push(prices.to_vec());
        let fresh = costs.within(prices, &limits)?;
        let mut merged = Near::new();
        for (row, generation) in self.generation.iter().enumerate() {
            if *generation as usize + 1 == self.prices.len() {
                let priced = |(cluster, cost): &(usize, u64)| i128::from(*cost) + prices[*cluster];
                let least = fresh.row(row).map(|entry| priced(&entry)).min().unwrap_or(NO_LIMIT);
                let limit = self.limits[row].min(least + width);
                self.limits[row] = limit;
                let kept = fresh.row(row).filter(|entry| priced(entry) < limit);
                kept.for_each(|(cluster, cost)| merged.push(cluster as u32, cost));
            } else {
                self.near.row(row).for_each(|(cluster, cost)| merged.push(cluster as u32, cost));
            }
            merged.end_row();
        }
        self.near = merged;
        Ok(())
    }
}
