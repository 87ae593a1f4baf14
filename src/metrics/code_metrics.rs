//! Measures of quality that need nothing but codes.

use super::sizes::{Sizes, ratio};
use serde::{Deserialize, Serialize};

/// Measures of codes alone: collisions of whole IDs, and how each level uses its clusters.
///
/// Serialized, the fields of `ids` stand beside the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CodeMetrics {
    /// Number of rows, N.
    pub rows: u64,
    /// Whole IDs.
    #[serde(flatten)]
    pub ids: IdMetrics,
    /// Levels, first to last.
    pub levels: Vec<LevelMetrics>,
    /// The IDs that most items share, largest first; the smaller ID first on a tie.
    pub largest_buckets: Vec<Bucket>,
}

/// Measures of whole IDs; U is the number of different ones.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct IdMetrics {
    /// Different IDs, U.
    pub distinct_ids: u64,
    /// `1 - U / N`.
    pub collision_rate: f64,
    /// Items that share their ID with another one.
    pub collided_items: u64,
    /// The share of these: `collided_items / N`.
    pub collided_item_rate: f64,
    /// Items of the ID that most share.
    pub max_bucket: u64,
    /// `-sum p ln p` over the IDs, in nats.
    pub entropy: f64,
    /// Entropy over that of all possible IDs being equally frequent, `ln(K_1 ... K_L)`; 1 where there is but one.
    pub entropy_ratio: f64,
    /// `e^entropy`.
    pub perplexity: f64,
    /// Gini coefficient of the items per ID that occurs, see [`Sizes::gini`].
    pub gini: f64,
    /// `U sum n^2 / N^2` over the IDs that occur: 1 where all have the same number of items.
    pub imbalance: f64,
}

/// Measures of one level, and of the prefixes that end with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct LevelMetrics {
    /// Clusters, K.
    pub clusters: u64,
    /// Codes that occur.
    pub used_codes: u64,
    /// Codes that do not: `K - used_codes`.
    pub dead_codes: u64,
    /// `used_codes / K`.
    pub utilization: f64,
    /// Items of the code that most have.
    pub max_bucket: u64,
    /// `-sum p ln p` over the codes, in nats; `ln K` at most.
    pub entropy: f64,
    /// `e^entropy`: as many codes, used equally, would say as much.
    pub perplexity: f64,
    /// Gini coefficient of the items per code that occurs, see [`Sizes::gini`].
    pub gini: f64,
    /// `K sum n^2 / N^2` over all codes: 1 where all have the same number of items, K where one has all.
    pub imbalance: f64,
    /// Different prefixes up to this level, U_d.
    pub prefixes: u64,
    /// `1 - U_d / N`.
    pub prefix_collision_rate: f64,
}

/// An ID with its items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bucket {
    /// Its codes.
    pub codes: Vec<u32>,
    /// Number of items that have it.
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
