//! Measures on a few kinds of rows how far the first lists have to reach.

use super::costs::Costs;
use super::groups::Groups;
use super::proof::ZipPrices;
use super::solve::Start;
use crate::error::Result;

/// How many kinds are measured.
const SAMPLE: usize = 64;

impl<'a> Start<'a> {
    /// Makes a start whose first lists hold about `wanted` clusters besides the cheapest; for `bounds` see
    /// [`Start::bounds`].
    pub(crate) fn new(
        costs: &mut dyn Costs,
        kinds: &'a Groups,
        prices: Vec<i128>,
        bounds: Vec<i128>,
        wanted: usize,
    ) -> Result<Self> {
        let margin = width(costs, kinds, &prices, wanted)?;
        Ok(Self { kinds, prices, bounds, margin })
    }
}

/// Returns how far above the smallest `cost + price` half of the measured kinds have `wanted` other clusters.
fn width(costs: &mut dyn Costs, kinds: &Groups, prices: &[i128], wanted: usize) -> Result<i128> {
    let step = kinds.len().div_ceil(SAMPLE).max(1);
    let measured: Vec<usize> = (0..kinds.len()).step_by(step).map(|kind| kinds.first(kind)).collect();
    let mut limits = vec![i128::MIN >> 10; kinds.members()];
    measured.iter().for_each(|row| limits[*row] = i128::MAX >> 10);
    let near = costs.range_search(prices, &limits)?;
    let mut widths: Vec<i128> = Vec::new();
    for row in measured {
        let mut costs: Vec<i128> = near.row(row).zip_prices(prices).collect();
        costs.sort_unstable();
        let last = costs.get(wanted).or(costs.last());
        widths.push(last.zip(costs.first()).map_or(0, |(last, first)| last - first));
    }
    widths.sort_unstable();
    Ok(widths.get(widths.len() / 2).map_or(0, |width| *width) + 1)
}
