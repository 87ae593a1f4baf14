//! Priced distances below a limit: the clusters that a row may join where places in clusters have prices.

use super::assign::squared_distance;
use crate::error::{ErrorKind, Result};

/// Some clusters of every row with their costs, row by row, clusters ascending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RangeMatches {
    /// Where the list of each row ends.
    ends: Vec<usize>,
    clusters: Vec<u32>,
    costs: Vec<u64>,
}

impl Default for RangeMatches {
    fn default() -> Self {
        Self::new()
    }
}

impl RangeMatches {
    /// No rows.
    pub(crate) fn new() -> Self {
        Self { ends: Vec::new(), clusters: Vec::new(), costs: Vec::new() }
    }

    /// Makes empty lists with room for `rows` rows and `entries` entries, so that they do not grow by doubling.
    pub(crate) fn with_capacity(rows: usize, entries: usize) -> Result<Self> {
        let mut near = Self::new();
        let bytes = (rows as u64).saturating_mul(8).saturating_add((entries as u64).saturating_mul(12));
        let no_memory = |_| ErrorKind::OutOfMemory { what: "candidates of rows".into(), bytes };
        near.ends.try_reserve_exact(rows).map_err(no_memory)?;
        near.clusters.try_reserve_exact(entries).map_err(no_memory)?;
        near.costs.try_reserve_exact(entries).map_err(no_memory)?;
        Ok(near)
    }

    /// Adds to every cost the value that `added` has for its cluster; the sums are below 2^63.
    pub(crate) fn raise(&mut self, added: &[i128]) {
        for (cost, cluster) in self.costs.iter_mut().zip(&self.clusters) {
            *cost += added.get(*cluster as usize).map_or(0, |added| *added as u64);
        }
    }

    /// Returns the number of entries in all lists together.
    pub(crate) fn entries(&self) -> usize {
        self.costs.len()
    }

    /// Adds a cluster to the list of the row that [`RangeMatches::end_row`] will end.
    #[inline(always)]
    pub(crate) fn push(&mut self, cluster: u32, cost: u64) {
        self.clusters.push(cluster);
        self.costs.push(cost);
    }

    /// Ends the list of a row.
    #[inline(always)]
    pub(crate) fn end_row(&mut self) {
        self.ends.push(self.costs.len());
    }

    /// Returns the clusters and costs of a row.
    #[inline(always)]
    pub(crate) fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, u64)> + Clone {
        let end = self.ends.get(row).copied().unwrap_or(0);
        let start = row.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let clusters = self.clusters.get(start..end).unwrap_or_default();
        let costs = self.costs.get(start..end).unwrap_or_default();
        clusters.iter().zip(costs).map(|(cluster, cost)| (*cluster as usize, *cost))
    }

    /// Everything, as two lists of numbers: the lists' ends and clusters, and the costs.
    #[cfg(test)]
    pub(crate) fn parts(&self) -> [Vec<u64>; 2] {
        let ends = self.ends.iter().map(|end| *end as u64);
        [ends.chain(self.clusters.iter().map(|k| u64::from(*k))).collect(), self.costs.clone()]
    }

    /// Appends the rows of `other`.
    pub(crate) fn append(&mut self, other: &Self) {
        let before = self.costs.len();
        self.ends.extend(other.ends.iter().map(|end| before + end));
        self.clusters.extend_from_slice(&other.clusters);
        self.costs.extend_from_slice(&other.costs);
    }
}

/// Finds, for every row, the codewords whose squared distance plus price is below the row's limit, and these distances.
///
/// # Shapes
/// `rows` (N, D), `codewords` (K, D), `prices` (K), `limits` (N).
///
/// # Exactness
/// Distances are below 2^63; prices and limits are i128 within 2^120, so no sum overflows. A device may skip a codeword
/// only where a bound proves that it reaches the limit.
pub(crate) fn range_search(
    rows: &[i32],
    codewords: &[i32],
    dim: usize,
    prices: &[i128],
    limits: &[i128],
) -> RangeMatches {
    let mut near = RangeMatches::new();
    for (row, limit) in rows.chunks_exact(dim).zip(limits) {
        for (k, (codeword, price)) in codewords.chunks_exact(dim).zip(prices).enumerate() {
            let distance = squared_distance(row, codeword);
            if i128::from(distance) + price < *limit {
                near.push(k as u32, distance);
            }
        }
        near.end_row();
    }
    near
}
