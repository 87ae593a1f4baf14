//! Measures of quality that need only codes.

use super::sizes::{Sizes, ratio};
use serde::{Deserialize, Serialize};

/// Measures of codes alone: collisions of whole IDs, and the use of the clusters of each level.
///
/// In serialized form the fields of `ids` stand among the other fields.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeMetrics {
    /// Number of rows, N.
    pub rows: u64,
    /// Measures of whole IDs.
    #[serde(flatten)]
    pub ids: IdMetrics,
    /// Measures of each level, first to last.
    pub levels: Vec<LevelMetrics>,
    /// The IDs that most items share, largest first; on a tie the smaller ID comes first.
    pub largest_buckets: Vec<Bucket>,
}

/// Measures of whole IDs; U is the number of different IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdMetrics {
    /// Number of different IDs, U.
    pub distinct_ids: u64,
    /// `1 - U / N`.
    pub collision_rate: f64,
    /// Number of items that share their ID with another item.
    pub collided_items: u64,
    /// Share of items that share their ID: `collided_items / N`.
    pub collided_item_rate: f64,
    /// Number of items of the most shared ID.
    pub max_bucket: u64,
    /// `-sum p ln p` over the IDs, in nats.
    pub entropy: f64,
    /// Entropy divided by `ln(K_1 ... K_L)`, the entropy if all possible IDs were equally frequent; 1 where only one is
    /// possible.
    pub entropy_ratio: f64,
    /// `e^entropy`.
    pub perplexity: f64,
    /// Gini coefficient of the numbers of items of the IDs that occur, see [`Sizes::gini`].
    pub gini: f64,
    /// `U sum n^2 / N^2` over the IDs that occur; 1 where all have the same number of items.
    pub imbalance: f64,
}

/// Measures of one level, and of the prefixes that end at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelMetrics {
    /// Number of clusters, K.
    pub clusters: u64,
    /// Number of codes that occur.
    pub used_codes: u64,
    /// Number of codes that do not occur: `K - used_codes`.
    pub dead_codes: u64,
    /// `used_codes / K`.
    pub utilization: f64,
    /// Number of items of the most frequent code.
    pub max_bucket: u64,
    /// `-sum p ln p` over the codes, in nats; at most `ln K`.
    pub entropy: f64,
    /// `e^entropy`: the number of equally frequent codes that would have the same entropy.
    pub perplexity: f64,
    /// Gini coefficient of the numbers of items of the codes that occur, see [`Sizes::gini`].
    pub gini: f64,
    /// `K sum n^2 / N^2` over all codes; 1 where all have the same number of items, K where one code has all items.
    pub imbalance: f64,
    /// Number of different prefixes up to this level, U_d.
    pub prefixes: u64,
    /// `1 - U_d / N`.
    pub prefix_collision_rate: f64,
}

/// An ID and the number of items that have it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// The codes of the ID.
    pub codes: Vec<u32>,
    /// Number of items that have the ID.
    pub items: u64,
}

impl IdMetrics {
    pub(super) fn new(sizes: &Sizes, clusters: &[usize]) -> Self {
        let entropy = sizes.entropy();
        let most: f64 = clusters.iter().map(|clusters| libm::log(*clusters as f64)).sum();
        Self {
            distinct_ids: sizes.buckets(),
            collision_rate: sizes.collision_rate(),
            collided_items: sizes.collided_items(),
            collided_item_rate: sizes.collided_item_rate(),
            max_bucket: sizes.largest(),
            entropy,
            entropy_ratio: if most > 0.0 { entropy / most } else { 1.0 },
            perplexity: libm::exp(entropy),
            gini: sizes.gini(),
            imbalance: sizes.imbalance(sizes.buckets()),
        }
    }
}

impl LevelMetrics {
    pub(super) fn new(counts: &[u64], prefixes: &Sizes) -> Self {
        let sizes: Sizes = counts.iter().copied().collect();
        let (clusters, used) = (counts.len() as u64, sizes.buckets());
        Self {
            clusters,
            used_codes: used,
            dead_codes: clusters - used,
            utilization: ratio(used, clusters),
            max_bucket: sizes.largest(),
            entropy: sizes.entropy(),
            perplexity: sizes.perplexity(),
            gini: sizes.gini(),
            imbalance: sizes.imbalance(clusters),
            prefixes: prefixes.buckets(),
            prefix_collision_rate: prefixes.collision_rate(),
        }
    }
}
