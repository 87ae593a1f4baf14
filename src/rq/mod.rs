//! Residual k-means: parameters, fitting level by level, and the fitted model that encodes and decodes.

mod balance;
mod capacity;
mod codes;
mod decode;
mod distances;
mod encode;
mod encoder;
mod fit;
pub(crate) mod legacy;
mod model;
pub(crate) mod model_file;
mod optimal;
mod params;
mod products;
mod progress;
mod row_distances;
mod sampled;
pub(crate) mod sinkhorn;
mod variant;

pub use balance::Balance;
pub use codes::Codes;
pub use encode::EncodeReport;
pub use encoder::Encoder;
pub(crate) use fit::FirstLevels;
pub use fit::{Fit, FitReport, LevelReport};
pub use model::RqKMeansModel;
pub(crate) use model::hex;
pub use params::{Algorithm, Clusters, Init, Metric, MiniBatch, RqKMeans};
pub(crate) use params::{MAX_LEVELS, PARAMETERS_VERSION, SINKHORN_EPSILON, check_version, default_levels};
pub use progress::Progress;
pub(crate) use row_distances::RowDistances;

#[cfg(test)]
mod tests;
