//! Keeps the sizes of buckets, from which all measures of how evenly items are spread follow.

use std::collections::BTreeMap;

/// Counts how many buckets have each size, which is enough for every measure below, whatever the number of buckets.
///
/// A bucket is a code of a level, a prefix, or a whole ID. Buckets without items do not count.
///
/// # Exactness
/// Counts are integers. Each measure rounds a few times in f64, in the order of the sizes, so the order of the buckets
/// does not matter.
///
/// ```
/// use semid::metrics::Sizes;
///
/// let sizes: Sizes = [3, 1, 1].into_iter().collect();
/// assert_eq!((sizes.items(), sizes.buckets(), sizes.largest()), (5, 3, 3));
/// assert_eq!(sizes.collision_rate(), 0.4); // 1 - 3/5
/// assert_eq!(sizes.collided_item_rate(), 0.6); // 3 of 5 items share their bucket
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    by_size: BTreeMap<u64, u64>,
}

impl Sizes {
    /// Counts a bucket of `items` items; ignores an empty one.
    pub fn push(&mut self, items: u64) {
        if items > 0 {
            *self.by_size.entry(items).or_default() += 1;
        }
    }

    /// Returns the number of buckets that have items, U.
    pub fn buckets(&self) -> u64 {
        self.by_size.values().sum()
    }

    /// Returns the number of items, N.
    pub fn items(&self) -> u64 {
        self.by_size.iter().fold(0, |items, (size, buckets)| items.saturating_add(size.saturating_mul(*buckets)))
    }

    /// Returns the number of items of the largest bucket.
    pub fn largest(&self) -> u64 {
        self.by_size.last_key_value().map_or(0, |(size, _)| *size)
    }

    /// Returns the number of items that are not alone in their bucket.
    pub fn collided_items(&self) -> u64 {
        self.items() - self.by_size.get(&1).copied().unwrap_or(0)
    }

    /// Returns `1 - U / N`: the share of items that would have to move for every item to be alone.
    pub fn collision_rate(&self) -> f64 {
        ratio(self.items() - self.buckets(), self.items())
    }

    /// Returns the share of items that are not alone in their bucket.
    pub fn collided_item_rate(&self) -> f64 {
        ratio(self.collided_items(), self.items())
    }

    /// Returns the best recall at `k` that any recommender can reach whose answers are buckets, if every item is wanted
    /// equally often: the mean over the items of `min(1, k / n)`, where n items have the item's bucket.
    ///
    /// # Exactness
    /// The value is the quotient of two integers, `sum over buckets of min(n, k)` and N; 0 where there is no item.
    pub fn recall_ceiling(&self, k: u64) -> f64 {
        let found =
            |found: u64, (size, buckets): (&u64, &u64)| found.saturating_add(size.min(&k).saturating_mul(*buckets));
        ratio(self.by_size.iter().fold(0, found), self.items())
    }

    /// Returns `H = -sum p ln p` in nats, where p is the share of the items that a bucket has.
    pub fn entropy(&self) -> f64 {
        let items = self.items() as f64;
        let of_size = |(size, buckets): (&u64, &u64)| {
            let size = *size as f64;
            *buckets as f64 * size / items * libm::log(items / size)
        };
        self.by_size.iter().map(of_size).sum()
    }

    /// Returns `e^H`: the number of equally large buckets with the same entropy.
    pub fn perplexity(&self) -> f64 {
        libm::exp(self.entropy())
    }

    /// Returns the Gini coefficient of the sizes `x_1 <= ... <= x_U`: `2 sum i x_i / (U N) - (U + 1) / U`; 0 where all
    /// are equal.
    pub fn gini(&self) -> f64 {
        let (buckets, items) = (u128::from(self.buckets()), u128::from(self.items()));
        let (mut ranked, mut before) = (0_u128, 0_u128);
        for (size, count) in &self.by_size {
            let (size, count) = (u128::from(*size), u128::from(*count));
            // This adds twice the sum of the ranks of `count` buckets behind `before` smaller ones.
            ranked = ranked.saturating_add((size * count).saturating_mul(2 * before + count + 1));
            before += count;
        }
        match buckets * items {
            0 => 0.0,
            all => ranked.saturating_sub((buckets + 1) * items) as f64 / all as f64,
        }
    }

    /// Returns `K sum n^2 / N^2` over K buckets, empty ones included: 1 where all are equally large, K where one has
    /// all items.
    pub fn imbalance(&self, buckets: u64) -> f64 {
        let square =
            |(size, count): (&u64, &u64)| (u128::from(*size) * u128::from(*size)).saturating_mul(u128::from(*count));
        let squares = self.by_size.iter().map(square).fold(0, u128::saturating_add);
        let items = self.items() as f64;
        if items == 0.0 { 0.0 } else { buckets as f64 * (squares as f64 / items / items) }
    }
}

impl FromIterator<u64> for Sizes {
    fn from_iter<I: IntoIterator<Item = u64>>(sizes: I) -> Self {
        let mut all = Self::default();
        sizes.into_iter().for_each(|size| all.push(size));
        all
    }
}

/// Returns `part / all`; 0 if `all` is 0.
pub(super) fn ratio(part: u64, all: u64) -> f64 {
    if all == 0 { 0.0 } else { part as f64 / all as f64 }
}
