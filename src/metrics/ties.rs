//! Computes expectations under ties: the mean of a metric over all orders of items at the same distance.

/// The place of an item in a ranking: behind `before` items, and in any order among the items at its own distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Rank {
    pub(super) before: u64,
    /// Number of items at the same distance, with the item itself: at least 1.
    pub(super) tied: u64,
}

impl Rank {
    /// Returns the probability that the item is one of the first `k`, where all orders of tied items are equally
    /// likely.
    pub(super) fn share(self, k: usize) -> f64 {
        let left = (k as u64).saturating_sub(self.before).min(self.tied);
        left as f64 / self.tied.max(1) as f64
    }
}

/// The discounts of the first k ranks of a ranking: `1 / log2(rank + 1)`, with ranks from 1.
pub(super) struct Discounts {
    /// The sums of the discounts of the first 0, 1, ... k ranks.
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

    /// Returns the number of ranks, k.
    pub(super) fn k(&self) -> usize {
        self.sums.len() - 1
    }

    /// Returns the expected discount of an item: the mean over the ranks that it may have, where ranks beyond k count
    /// as 0.
    pub(super) fn expected(&self, place: Rank) -> f64 {
        let sum = |ranks: u64| {
            let ranks = usize::try_from(ranks).unwrap_or(usize::MAX);
            self.sums.get(ranks).or(self.sums.last()).copied().unwrap_or(0.0)
        };
        (sum(place.before.saturating_add(place.tied)) - sum(place.before)) / place.tied.max(1) as f64
    }

    /// Returns the sum of all discounts, which is the value of a perfect ranking.
    pub(super) fn ideal(&self) -> f64 {
        self.sums.last().copied().unwrap_or(0.0)
    }
}
