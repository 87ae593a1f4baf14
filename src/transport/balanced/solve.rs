//! Runs the whole search: lists, prices, the exact flow, and longer lists until they are proved to be long enough.

use super::candidates::{ListedClusters, NO_LIMIT, Open};
use super::costs::Costs;
use super::flow::Flow;
use super::groups::Groups;
use super::paths::OutOfReach;
use super::proof::{ZipPrices, prove};
use super::sizes::Sizes;
use super::smallest::smallest;
use super::sweep::sweep;
use crate::error::Result;

/// The start of the search; it decides how long the search takes, but not its result.
pub(crate) struct Start<'a> {
    /// The kinds of the rows.
    pub(crate) kinds: &'a Groups,
    /// Prices (K) of a similar problem, or zeros.
    pub(crate) prices: Vec<i128>,
    /// For every row (N) a bound that is at least its smallest `cost + price` at these prices, such as that of any one
    /// cluster.
    pub(crate) bounds: Vec<i128>,
    /// How far above the cheapest cluster the first lists reach.
    pub(crate) margin: i128,
}

/// The optimum, as the module's documentation defines it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Solution {
    /// The cluster of every row.
    pub(crate) codes: Vec<u32>,
    /// The price of every cluster.
    pub(crate) prices: Vec<i128>,
    /// The total cost.
    pub(crate) cost: u128,
    /// How far above the optimum the total cost may be: 0 is the proof that it is the optimum.
    pub(crate) gap: i128,
    /// The length of all lists together at the end, and how often lists were made.
    pub(crate) entries: usize,
    pub(crate) rounds: usize,
}

/// A width that lists all clusters.
const WIDEST: i128 = 1 << 100;
/// How many times prices approach the optimum before the exact search runs even with lists that are too short.
const APPROACHES: usize = 24;

/// Finds the optimum of the transport problem; [`Sizes::check`] must accept `sizes`.
pub(crate) fn solve(costs: &mut dyn Costs, sizes: Sizes, start: Start<'_>) -> Result<Solution> {
    let (kinds, clusters) = (start.kinds, start.prices.len());
    let sizes = sizes.tight(kinds.members(), clusters);
    let margin = start.margin.clamp(1, WIDEST);
    let mut candidates = ListedClusters::new(costs, &start.prices, kinds, &start.bounds, margin)?;
    let mut rounds = 1;
    let mut prices = start.prices;
    for _ in 0..APPROACHES {
        let next = sweep(&candidates, sizes, &prices, margin);
        let far = next.iter().zip(&prices).filter(|(next, price)| (*next - *price).abs() >= margin).count();
        prices = next;
        let open = open_kinds(&candidates, &prices, margin);
        if open.len() <= kinds.len() / 64 && far <= clusters / 16 {
            break;
        }
        tracing::trace!(entries = candidates.entries(), open = open.len(), far, %margin, "approach");
        if !open.is_empty() {
            candidates.renew(costs, &prices, &open)?;
            rounds += 1;
        }
    }
    let mut stretch = margin;
    loop {
        let (at, open) = match attempt(&candidates, sizes, &prices) {
            Ok(found) => {
                let open = open_kinds(&candidates, &found.largest, margin);
                if open.is_empty() {
                    return Ok(Solution { rounds, ..finish(&candidates, sizes, found) });
                }
                prices = found.prices;
                (found.largest, open)
            }
            Err(stuck) => {
                let step = stuck.towards_the_rest(&candidates, margin, stretch);
                stretch = (stretch * 4).min(WIDEST);
                prices = stuck.prices;
                step
            }
        };
        tracing::trace!(entries = candidates.entries(), open = open.len(), %stretch, "longer lists");
        candidates.renew(costs, &at, &open)?;
        rounds += 1;
    }
}

/// Returns the smallest `cost + price` that a kind lists.
fn least(candidates: &ListedClusters<'_>, kind: usize, prices: &[i128]) -> i128 {
    candidates.list(kind).zip_prices(prices).min().unwrap_or(NO_LIMIT)
}

/// Returns the kinds for which some cluster that is not listed may be as cheap as the cheapest listed one.
fn open_kinds(candidates: &ListedClusters<'_>, prices: &[i128], margin: i128) -> Vec<Open> {
    let mut open = Vec::new();
    for (kind, others) in candidates.others(prices).enumerate() {
        let bound = least(candidates, kind, prices);
        if others <= bound {
            open.push(Open { kind, bound, width: margin });
        }
    }
    open
}

/// The candidates have no solution: the rows of some clusters list none of the other clusters.
struct Stuck {
    prices: Vec<i128>,
    codes: Vec<u32>,
    marked: Vec<bool>,
}

impl Stuck {
    /// Returns prices and kinds for new lists, which reach `stretch` farther to clusters that are not marked.
    fn towards_the_rest(&self, candidates: &ListedClusters<'_>, margin: i128, stretch: i128) -> (Vec<i128>, Vec<Open>) {
        let lower = |(price, marked): (&i128, &bool)| if *marked { *price } else { price - stretch };
        let prices: Vec<i128> = self.prices.iter().zip(&self.marked).map(lower).collect();
        let mut needs = vec![false; candidates.kinds().len()];
        for (row, code) in self.codes.iter().enumerate() {
            needs[candidates.kinds().of(row)] |= self.marked.get(*code as usize) == Some(&true);
        }
        let open = |kind| Open { kind, bound: least(candidates, kind, &prices), width: margin };
        let open = (0..needs.len()).filter(|kind| needs[*kind]).map(open).collect();
        (prices, open)
    }
}

/// An optimum over the candidates.
struct Optimum {
    codes: Vec<u32>,
    prices: Vec<i128>,
    /// The largest optimal prices.
    largest: Vec<i128>,
}

fn attempt(candidates: &ListedClusters<'_>, sizes: Sizes, prices: &[i128]) -> Result<Optimum, Stuck> {
    let mut flow = Flow::new(candidates, prices, sizes);
    let root = if sizes.min < sizes.max { flow.pool() } else { 0 };
    let stuck = |flow: Flow<'_>, OutOfReach(marked): OutOfReach| {
        let (prices, codes) = flow.into_parts();
        Stuck { prices: normal(prices, root), codes, marked }
    };
    if let Err(out) = flow.run() {
        return Err(stuck(flow, out));
    }
    match flow.rises(root) {
        Ok(rises) => {
            let (prices, codes) = flow.into_parts();
            let prices = normal(prices, root);
            let largest = prices.iter().zip(rises).map(|(price, rise)| price + rise).collect();
            Ok(Optimum { codes, prices, largest })
        }
        Err(out) => Err(stuck(flow, out)),
    }
}

/// Shifts the prices of the clusters so that that of `root` is 0.
fn normal(mut prices: Vec<i128>, root: usize) -> Vec<i128> {
    let zero = prices.get(root).copied().unwrap_or(0);
    prices.pop();
    prices.iter_mut().for_each(|price| *price -= zero);
    prices
}

/// Finds the largest prices, the smallest codes at them, and the proof.
fn finish(candidates: &ListedClusters<'_>, sizes: Sizes, found: Optimum) -> Solution {
    let Optimum { mut codes, largest: prices, .. } = found;
    smallest(candidates, sizes, &prices, &mut codes);
    let (cost, gap) = prove(candidates, sizes, &prices, &codes);
    Solution { codes, prices, cost, gap, entries: candidates.entries(), rounds: 0 }
}
