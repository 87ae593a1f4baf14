//! Whether semantic IDs are good: collisions, usage, errors, neighbours, correlation, purity and stability.

mod code_metrics;
mod counter;
mod sizes;

pub use code_metrics::{Bucket, CodeMetrics, IdMetrics, LevelMetrics, code_metrics};
pub use counter::{CodeCounter, SortedCodeCounter};
pub use sizes::Sizes;
