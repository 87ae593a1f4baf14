//! Expectation under ties: the mean of a metric over all orders of items at the same distance.

/// The place of an item in a ranking: behind `before` items, and in any order with those at its own distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) before: u64,
    /// Items at the same distance, the item itself included: at least 1.
    pub(super) tied: u64,
}

impl Place {
    /// The probability that the item is one of the first `k`, all orders of tied items being equally likely.
    pub(super) fn share(self, k: usize) -> f64 {
        let left = (k as u64).saturating_sub(self.before).min(self.tied);
        left as f64 / self.tied.max(1) as f64
    }
}

/// Discounts of the first k ranks of a ranking, `1 / log2(rank + 1)` for ranks from 1.
pub(super) struct Discounts {
    /// Sums of the discounts of the first 0, 1, ... k ranks.
    sums: Vec<f64>,
}

impl Discounts {
    pub(super) fn new(k: usize) -> Self {
        let mut sums = vec![0.0];
        let mut sum = 0.0;
        for rank in 1..=k {
            sum += 1.0 / libm::log2(rank as f64 + 1.0);
            sums.push(sum);
        }
        Self { sums }
    }

    /// Number of ranks.
    pub(super) fn k(&self) -> usize {
        self.sums.len() - 1
    }

    /// The expected discount of an item, 0 beyond the first k ranks: the mean over the ranks it may have.
    pub(super) fn expected(&self, place: Place) -> f64 {
        let sum = |ranks: u64| {
            let ranks = usize::try_from(ranks).unwrap_or(usize::MAX);
            self.sums.get(ranks).or(self.sums.last()).copied().unwrap_or(0.0)
        };
        (sum(place.before.saturating_add(place.tied)) - sum(place.before)) / place.tied.max(1) as f64
    }

    /// The sum of all discounts: what a perfect ranking is worth.
    pub(super) fn ideal(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }
}
