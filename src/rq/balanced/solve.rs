//! The whole search: lists, prices, exact flow, and longer lists until they are proved to be long enough.

use super::candidates::{Candidates, NO_LIMIT};
use super::flow::Flow;
use super::paths::OutOfReach;
use super::proof::{ZipPrices, prove};
use super::sizes::Sizes;
use super::smallest::smallest;
use super::sweep::sweep;
use crate::error::Result;
use crate::kernel::within::Near;

/// What it costs to give a row a cluster.
pub(crate) trait Costs {
    /// For every row the clusters with `cost + price` below the row's limit, ascending, with their costs (below 2^63).
    fn within(&mut self, prices: &[i128], limits: &[i128]) -> Result<Near>;
}

/// Where the search starts; it decides how long the search takes and not what it finds.
pub(crate) struct Start {
    /// Prices (K) of a similar problem, or zeros.
    pub(crate) prices: Vec<i128>,
    /// For every row (N) at least the smallest `cost + price` at these prices: that of any one cluster.
    pub(crate) bounds: Vec<i128>,
    /// How far above that the first lists reach.
    pub(crate) margin: i128,
}

/// The optimum, as the module's documentation defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// Cluster of every row.
    pub(crate) codes: Vec<u32>,
    /// Price of every cluster.
    pub(crate) prices: Vec<i128>,
    /// Total cost.
    pub(crate) cost: u128,
    /// How far above the optimum the total cost may be: 0 is the proof that it is the optimum.
    pub(crate) gap: i128,
    /// Length of all lists at the end, and how often they were made.
    pub(crate) entries: usize,
    pub(crate) rounds: usize,
}

/// A width that lists all clusters.
const WIDEST: i128 = 1 << 100;
/// Times that prices are brought nearer before the exact search whatever the lists still miss.
const APPROACHES: usize = 8;

/// Finds the optimum of the transport problem; `sizes` can be kept (see [`Sizes::check`]).
pub(crate) fn solve(costs: &mut dyn Costs, sizes: Sizes, start: Start) -> Result<Solution> {
    let (rows, clusters) = (start.bounds.len(), start.prices.len());
    let sizes = sizes.tight(rows, clusters);
    let mut margin = start.margin.clamp(1, WIDEST);
    let limits = start.bounds.iter().map(|bound| limit(*bound, margin)).collect();
    let mut candidates = Candidates::new(costs, &start.prices, limits, margin)?;
    let mut rounds = 1;
    let mut prices = sweep(&candidates, sizes, &start.prices, margin / 16);
    for _ in 0..APPROACHES {
        let open = open_rows(&candidates, &prices, 0, margin);
        if open.len() <= rows / 64 {
            break;
        }
        candidates.renew(costs, &prices, &open, margin)?;
        rounds += 1;
        prices = sweep(&candidates, sizes, &prices, margin / 16);
    }
    loop {
        let (at, open, width) = match attempt(&candidates, sizes, &prices) {
            Ok(found) => {
                let reach = found.rises.iter().copied().max().unwrap_or(0);
                let open = open_rows(&candidates, &found.prices, reach, margin);
                if open.is_empty() {
                    let mut solution = finish(&candidates, sizes, found);
                    solution.rounds = rounds;
                    return Ok(solution);
                }
                (found.prices, open, reach + margin)
            }
            Err(Stuck { prices, rows }) => {
                let open = rows.into_iter().map(|row| (row, limit(least(&candidates, row, &prices), margin)));
                let open = open.collect();
                (prices, open, margin)
            }
        };
        candidates.renew(costs, &at, &open, width)?;
        rounds += 1;
        prices = at;
        margin = (margin * 4).min(WIDEST);
    }
}

fn limit(bound: i128, margin: i128) -> i128 {
    (bound + margin).min(NO_LIMIT)
}

/// The smallest `cost + price` that is listed for a row.
fn least(candidates: &Candidates, row: usize, prices: &[i128]) -> i128 {
    candidates.row(row).zip_prices(prices).min().unwrap_or(NO_LIMIT)
}

/// Rows of which a cluster that is not listed might come within `reach` of the cheapest one, with their next limits.
fn open_rows(candidates: &Candidates, prices: &[i128], reach: i128, margin: i128) -> Vec<(usize, i128)> {
    let mut open = Vec::new();
    for (row, others) in candidates.others(prices).enumerate() {
        let least = least(candidates, row, prices);
        if others - least <= reach {
            open.push((row, limit(least, reach + margin)));
        }
    }
    open
}

/// No solution over the candidates: these rows, ascending, need longer lists.
struct Stuck {
    prices: Vec<i128>,
    rows: Vec<usize>,
}

/// An optimum over the candidates.
struct Found {
    codes: Vec<u32>,
    prices: Vec<i128>,
    /// To be added to the prices to have the largest optimal ones.
    rises: Vec<i128>,
}

fn attempt(candidates: &Candidates, sizes: Sizes, prices: &[i128]) -> Result<Found, Stuck> {
    let mut flow = Flow::new(candidates, prices, sizes);
    let root = if sizes.min < sizes.max { flow.pool() } else { 0 };
    let stuck = |flow: &Flow<'_>, OutOfReach(marked): OutOfReach| {
        let needs = |code: &u32| marked.get(*code as usize) == Some(&true);
        let rows = flow.codes.iter().enumerate().filter(|(_, code)| needs(code)).map(|(row, _)| row);
        Stuck { prices: normal(flow.prices.clone(), root), rows: rows.collect() }
    };
    if let Err(out) = flow.run() {
        return Err(stuck(&flow, out));
    }
    match flow.rises(root) {
        Ok(rises) => Ok(Found { prices: normal(flow.prices, root), codes: flow.codes, rises }),
        Err(out) => Err(stuck(&flow, out)),
    }
}

/// Prices of the clusters with that of `root` 0.
fn normal(mut prices: Vec<i128>, root: usize) -> Vec<i128> {
    let zero = prices.get(root).copied().unwrap_or(0);
    prices.pop();
    prices.iter_mut().for_each(|price| *price -= zero);
    prices
}

/// The largest prices, and with them the smallest codes and the proof.
fn finish(candidates: &Candidates, sizes: Sizes, found: Found) -> Solution {
    let Found { mut codes, prices, rises } = found;
    let prices: Vec<i128> = prices.iter().zip(rises).map(|(price, rise)| price + rise).collect();
    smallest(candidates, sizes, &prices, &mut codes);
    let (cost, gap) = prove(candidates, sizes, &prices, &codes);
    Solution { codes, prices, cost, gap, entries: candidates.entries(), rounds: 0 }
}
