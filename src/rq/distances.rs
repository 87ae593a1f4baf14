//! The costs of an assignment: squared distances of a table's rows to codewords, and what codewords cost beyond that.

use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{ErrorKind, Result, try_zeros};
use crate::kernel::range_search::RangeMatches;
use crate::transport::balanced::Costs;

/// Rows on a device and the codewords that they may be given.
pub(super) struct Distances<'a> {
    table: &'a mut dyn Table,
    codebook: &'a Codebook,
    /// Added to the distance of every codeword (K), or none.
    added: &'a [i64],
    least: i128,
}

/// The cheapest cluster of every row, and what it costs with its price.
pub(super) struct Cheapest {
    pub(super) codes: Vec<u32>,
    pub(super) costs: Vec<i128>,
    /// Rows that the device settled by exact distances.
    pub(super) settled: u64,
}

impl<'a> Distances<'a> {
    /// Costs are distances plus `added`, less the least of `added`: that changes no choice.
    pub(super) fn new(table: &'a mut dyn Table, codebook: &'a Codebook, added: &'a [i64]) -> Self {
        let least = added.iter().copied().min().unwrap_or(0).into();
        Self { table, codebook, added, least }
    }

    /// Refuses what is added where a cost might reach 2^63.
    pub(super) fn check(&self, level: usize) -> Result<()> {
        // A difference is within 2^25.
        let distance = (self.table.dim() as i128) << 50;
        match self.added.iter().all(|added| distance + i128::from(*added) - self.least <= 1 << 63) {
            true => Ok(()),
            false => Err(ErrorKind::Range { level, reason: "prices and distances exceed 63 bits".into() }.into()),
        }
    }

    fn with_added(&self, prices: &[i128]) -> Vec<i128> {
        let added = self.added.iter().map(|added| i128::from(*added) - self.least).chain(std::iter::repeat(0));
        prices.iter().zip(added).map(|(price, added)| price + added).collect()
    }

    /// Returns the cost of every row at `prices`, in the cluster that `codes` put it in.
    pub(super) fn own(&mut self, codes: &[u32], prices: &[i128]) -> Result<Vec<i128>> {
        let prices = self.with_added(prices);
        let price = |code: &u32| prices.get(*code as usize).copied().unwrap_or(0);
        let distances = self.table.assigned_distances(self.codebook)?;
        Ok(distances.iter().zip(codes).map(|(distance, code)| i128::from(*distance) + price(code)).collect())
    }

    /// The cluster with the smallest `cost + price` for every row, the lowest one on a tie. The codes of the table are
    /// those of the nearest codewords afterwards.
    ///
    /// # Exactness
    /// What the nearest codeword costs bounds the smallest sum; `Table::range_search` has the exact distance of every
    /// codeword that may be below that, which are the same ones on every device.
    pub(super) fn cheapest(&mut self, prices: &[i128]) -> Result<Cheapest> {
        let settled = self.table.assign(self.codebook)?.settled;
        let mut codes = try_zeros(self.table.rows(), "codes")?;
        self.table.codes(&mut codes)?;
        let mut costs = self.own(&codes, prices)?;
        if self.with_added(prices).iter().all(|price| *price == 0) {
            return Ok(Cheapest { codes, costs, settled });
        }
        let near = self.range_search(prices, &costs.iter().map(|cost| cost + 1).collect::<Vec<_>>())?;
        for (row, (code, least)) in codes.iter_mut().zip(&mut costs).enumerate() {
            let listed = near.row(row).filter_map(|(k, cost)| Some((i128::from(cost) + prices.get(k)?, k as u32)));
            (*least, *code) = listed.min().unwrap_or((*least, *code));
        }
        Ok(Cheapest { codes, costs, settled })
    }
}

impl Costs for Distances<'_> {
    fn range_search(&mut self, prices: &[i128], limits: &[i128]) -> Result<RangeMatches> {
        let mut near = self.table.range_search(self.codebook, &self.with_added(prices), limits)?;
        if !self.added.is_empty() {
            near.raise(&self.with_added(&vec![0; prices.len()]));
        }
        Ok(near)
    }
}
