//! Residual k-means: parameters, fitting level by level, and the fitted model that encodes and decodes.

mod assignment;
mod balance;
mod capacity;
mod codes;
mod decode;
mod distances;
mod draws;
mod encode;
mod encoder;
mod first_levels;
mod fit;
pub(crate) mod legacy;
mod level;
mod lloyd;
mod load;
mod mini_batch;
mod model;
pub(crate) mod model_file;
mod optimal;
mod params;
mod products;
mod progress;
mod row_distances;
mod sampled;
mod seeding;
pub(crate) mod sinkhorn;
mod variant;

pub use balance::Balance;
pub use codes::Codes;
pub use encode::EncodeReport;
pub use encoder::Encoder;
pub(crate) use first_levels::FirstLevels;
pub use fit::{Fit, FitReport, LevelReport};
pub(crate) use load::{Source, to_grid};
pub use model::RqKMeansModel;
pub(crate) use model::{Quantization, hex};
pub use params::{Algorithm, Clusters, Init, Metric, MiniBatch, RqKMeans};
pub(crate) use params::{MAX_LEVELS, PARAMETERS_VERSION, SINKHORN_EPSILON, check_version, default_levels};
pub use progress::Progress;
pub(crate) use row_distances::RowDistances;

#[cfg(test)]
mod tests;
