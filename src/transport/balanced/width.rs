//! Measures on a few rows how far the first lists have to reach.

use super::costs::Costs;
use super::proof::ZipPrices;
use super::solve::Start;
use crate::error::Result;

/// How many rows are measured.
const SAMPLE: usize = 64;

impl Start {
    /// Makes a start whose first lists hold about `wanted` clusters besides the cheapest; for `bounds` see
    /// [`Start::bounds`].
    pub(crate) fn new(costs: &mut dyn Costs, prices: Vec<i128>, bounds: Vec<i128>, wanted: usize) -> Result<Self> {
        let margin = width(costs, bounds.len(), &prices, wanted)?;
        Ok(Self { prices, bounds, margin })
    }
}

/// Returns how far above the smallest `cost + price` half of the measured rows have `wanted` other clusters.
fn width(costs: &mut dyn Costs, rows: usize, prices: &[i128], wanted: usize) -> Result<i128> {
    let step = rows.div_ceil(SAMPLE).max(1);
    let limit = |row: usize| if row.is_multiple_of(step) { i128::MAX >> 10 } else { i128::MIN >> 10 };
    let limits: Vec<i128> = (0..rows).map(limit).collect();
    let near = costs.range_search(prices, &limits)?;
    let mut widths: Vec<i128> = Vec::new();
    for row in (0..rows).step_by(step) {
        let mut costs: Vec<i128> = near.row(row).zip_prices(prices).collect();
        costs.sort_unstable();
        let last = costs.get(wanted).or(costs.last());
        widths.push(last.zip(costs.first()).map_or(0, |(last, first)| last - first));
    }
    widths.sort_unstable();
    Ok(widths.get(widths.len() / 2).map_or(0, |width| *width) + 1)
}
