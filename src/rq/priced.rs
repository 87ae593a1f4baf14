//! Codes by distance plus price: what a row costs where places in clusters have prices.

use super::balanced::Costs;
use super::distances::Distances;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec};

/// The cheapest cluster of every row, and its `distance + price`.
pub(super) struct Cheapest {
    pub(super) codes: Vec<u32>,
    pub(super) costs: Vec<i128>,
    /// Rows that the device settled by exact distances.
    pub(super) settled: u64,
}

/// The cluster with the smallest squared distance plus price for every row, the lowest one on a tie. The codes of the
/// table are the nearest codewords afterwards.
///
/// # Exactness
/// The nearest codeword bounds the smallest sum; `Table::within` has the exact distance of every codeword that may be
/// below that, which on every device are the same ones.
pub(super) fn cheapest(table: &mut dyn Table, codebook: &Codebook, prices: &[i128]) -> Result<Cheapest> {
    let settled = table.assign(codebook)?.settled;
    let mut codes = try_vec(0, table.rows(), "codes")?;
    table.codes(&mut codes)?;
    let price = |k: usize| prices.get(k).copied().unwrap_or(0);
    let nearest = table.own_distances(codebook)?;
    let limits: Vec<i128> =
        nearest.iter().zip(&codes).map(|(distance, k)| i128::from(*distance) + price(*k as usize) + 1).collect();
    let near = Distances { table, codebook }.within(prices, &limits)?;
    let mut costs = limits;
    for (row, (code, least)) in codes.iter_mut().zip(&mut costs).enumerate() {
        *least -= 1;
        let listed = near.row(row).map(|(k, distance)| (i128::from(distance) + price(k), k as u32));
        (*least, *code) = listed.min().unwrap_or((*least, *code));
    }
    Ok(Cheapest { codes, costs, settled })
}
