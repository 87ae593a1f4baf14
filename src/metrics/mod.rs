//! Whether semantic IDs are good: collisions, usage, errors, neighbours, correlation, purity and stability.

mod code_metrics;
mod correlation;
mod counter;
mod errors;
mod estimate;
mod evaluation;
mod ids;
mod nearest;
mod points;
mod purity;
mod quality;
mod quantizer;
mod ranking;
mod retrieval;
mod sizes;
mod stability;
mod ties;

pub use code_metrics::{Bucket, CodeMetrics, IdMetrics, LevelMetrics, code_metrics};
pub use counter::{CodeCounter, SortedCodeCounter};
pub use errors::{ErrorMetrics, errors};
pub use estimate::Estimate;
pub use evaluation::{Evaluation, EvaluationProgress};
pub use purity::{PrefixPurity, prefix_purity};
pub use quality::{ByDistance, NeighborMetrics, Quality};
pub use quantizer::Quantizer;
pub use sizes::Sizes;
pub use stability::{Stability, stability};

#[cfg(test)]
mod tests;
