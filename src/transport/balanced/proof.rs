//! Proves that a solution is optimal, by its cost and a lower bound on the cost of every solution.

use super::candidates::ListedClusters;
use super::sizes::Sizes;

/// Returns the total cost of `codes`, and how far it may be above the optimum: 0 proves that it is the optimum.
///
/// # Exactness
/// At any prices, every assignment that keeps the sizes costs at least `sum_i min_k (c(i, k) + p(k)) - sum_k (max p(k)+
/// - min p(k)-)`, where p+ and p- are the positive and the negative part: each row pays at least its minimum, and a
/// cluster takes in at most `max p+` and at least `-min p-`. All values are integers.
pub(super) fn prove(candidates: &ListedClusters<'_>, sizes: Sizes, prices: &[i128], codes: &[u32]) -> (u128, i128) {
    let least =
        |(kind, others): (usize, i128)| candidates.list(kind).zip_prices(prices).min().unwrap_or(others).min(others);
    let least: Vec<i128> = candidates.others(prices).enumerate().map(least).collect();
    let (mut total, mut bound) = (0_i128, 0_i128);
    for (row, code) in codes.iter().enumerate() {
        let kind = candidates.kinds().of(row);
        total += i128::from(candidates.cost(kind, *code as usize));
        bound += least[kind];
    }
    for price in prices {
        let size = if *price > 0 { sizes.max } else { sizes.min };
        bound -= price * size as i128;
    }
    (total as u128, total - bound)
}

/// Adds prices to listed clusters.
pub(super) trait ZipPrices: Iterator<Item = (usize, u64)> + Sized {
    fn zip_prices(self, prices: &[i128]) -> impl Iterator<Item = i128> {
        self.map(|(k, cost)| i128::from(cost) + prices.get(k).copied().unwrap_or(0))
    }
}

impl<I: Iterator<Item = (usize, u64)>> ZipPrices for I {}
