//! Measures how good semantic IDs are: collisions, usage, errors, neighbours, correlation, purity and stability.
//!
//! [`Evaluation`] measures everything about a model and some rows. Measures of codes alone need neither rows nor a
//! device: [`code_metrics`] computes them, and [`CodeCounter`] does for codes that come one after the other.
//!
//! N rows have U different IDs of L codes, and level l has K clusters. For a code, a prefix or an ID, n is the number
//! of rows that have it and p their share.
//!
//! | metric | formula | best |
//! | --- | --- | --- |
//! | `collision_rate` | `1 - U / N` | 0 |
//! | `collided_item_rate` | `sum of n over the IDs with n > 1, / N` | 0 |
//! | `max_bucket` | `max n` | 1 |
//! | `prefix_collision_rate` | `1 - U_d / N` with the U_d different prefixes of d codes | says how coarse a level is |
//! | `utilization`, `dead_codes` | `used / K`, `K - used` | 1, 0 |
//! | `entropy`, `perplexity` | `H = -sum p ln p`, `e^H` | `ln K`, K |
//! | `entropy_ratio` | `H / ln(K_1 ... K_L)` of whole IDs | 1 |
//! | `gini` | `2 sum i x_i / (u sum x) - (u + 1) / u`, x ascending: the n of the u codes or IDs that occur | 0 |
//! | `imbalance` | `K sum n^2 / N^2`; U in place of K for whole IDs | 1 |
//! | `squared_error_per_row`, `mse` | `mean |x - y|^2`, the same `/ D`, y being what the codes of x decode to | 0 |
//! | `relative_l1` | `mean |x - y| / (max(|x|, |y|) + 0.0001)` over rows and dimensions | 0 |
//! | `recall_at_k` | share of the k nearest rows that are among the k with the nearest IDs | 1 |
//! | `ndcg_at_k` | `sum over ranks r to k of relevance / log2(r + 1)`, over that of a perfect ranking | 1 |
//! | `distance_correlation` | Spearman's rank correlation of the distances of rows and of IDs, over pairs of rows | 1 |
//! | `purity` | `sum over prefixes of the items with their most frequent label, / N` ([`prefix_purity`]) | 1 |
//! | `fragile` | share of rows whose code noise of a given length can change ([`margins`]) | 0 |
//! | `psi` | `sum (q - p) ln(q / p)` over the codes of new rows and of older ones ([`drift`]) | 0 |
//! | `unchanged_codes`, `unchanged_prefixes` | share of rows that keep a code, all codes to it ([`stability`]) | 1 |
//!
//! # Neighbours and ties
//!
//! The true neighbours of a row are its k nearest among all other rows, by Euclidean distance; for a cosine model, by
//! the distance between rows scaled to unit length. IDs are near by one of three distances: L less the length of the
//! shared prefix (`prefix`), the distance between the rows that they decode to (`decoded`), or the number of levels at
//! which they differ (`hamming`). Many rows have the same such distance, and the order of rows in a file must not
//! decide between them, so a metric is the expected value over all orders of tied rows. If b rows are nearer than a
//! group of t tied rows, one of the group is among the first k with probability
//!
//! ```text
//! s = clamp(k - b, 0, t) / t                  (m = k - b places left for t rows: m / t)
//! ```
//!
//! True neighbours can tie as well, so every other row i is a true neighbour with probability `s_true(i)`, and
//!
//! ```text
//! recall = sum over i of s_true(i) s_id(i) / k
//! ndcg   = sum over i of s_true(i) d_id(i) / sum over ranks r = 1 ... k of 1 / log2(r + 1)
//! d_id   = mean of the discounts of the ranks b + 1 ... b + t that i may have: 1 / log2(r + 1), and 0 beyond rank k
//! ```
//!
//! # Exactness
//!
//! Distances are integers on a grid that depends only on the rows, so neighbours are the same for every model and on
//! every device. Counts and rank correlations are computed with integers; other values are rounded in an order that
//! neither threads nor devices change. Metrics of samples are functions of the seed.
//!
//! # References
//!
//! F. McSherry, M. Najork, Computing Information Retrieval Performance Measures Efficiently in the Presence of Tied
//! Scores, ECIR 2008.

mod code_metrics;
mod collision_kinds;
mod correlation;
mod counter;
mod decoded;
mod drift;
mod drift_limits;
mod errors;
mod estimate;
mod evaluation;
mod evaluator;
mod id_neighbors;
mod ids;
mod integers;
mod known;
mod largest;
mod margins;
mod nearest;
mod neighbors;
mod optimism;
mod points;
mod progress;
mod purity;
mod quality;

mod ranking;
mod retrieval;
mod sizes;
mod stability;
mod ties;

pub use crate::quantizer::Quantizer;
pub use code_metrics::{Bucket, CodeMetrics, IdMetrics, LevelMetrics};
pub use collision_kinds::{CollisionKinds, Conflict, KindCount, collision_kinds};
pub use counter::{CodeCounter, SortedCodeCounter, code_metrics};
pub use drift::{BeforeAfter, Drift, LevelDrift, drift, drift_labelled};
pub use drift_limits::{DriftCrossing, DriftLimits, DriftMeasure};
pub use errors::{ErrorMetrics, errors, weighted_errors};
pub use estimate::Estimate;
pub use evaluation::Evaluation;
pub use evaluator::Evaluator;
pub use id_neighbors::{ByCodes, IdNeighborMetrics};
pub use margins::{LevelMargins, margins};
pub use progress::EvaluationProgress;
pub(crate) use purity::numbers;
pub use purity::{PrefixPurity, prefix_purity};
pub use quality::{ByDistance, NeighborMetrics, Quality, RecallAt};
pub use sizes::Sizes;
pub(crate) use stability::counted as counted_stability;
pub use stability::{Stability, stability};

#[cfg(test)]
mod tests;
