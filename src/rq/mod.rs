//! Residual k-means: parameters, fitting level by level, and the fitted model that encodes and decodes.

mod assignment;
mod balance;
mod capacity;
mod decode;
mod distances;
mod draws;
mod encode;
mod encoding;
mod first_levels;
mod fit;
pub(crate) mod legacy;
mod level;
mod lloyd;
mod load;
mod mini_batch;
mod model;
mod model_file;
mod optimal;
mod params;
mod products;
mod progress;
mod quantizer;
mod row_distances;
mod sampled;
mod seeding;
pub(crate) mod sinkhorn;
mod variant;

pub use crate::codebook::{Codebook, MAX_CLUSTERS, MAX_DIM};
pub use crate::grid::Grid;
pub use balance::Balance;
pub use encode::EncodeReport;
pub(crate) use first_levels::FirstLevels;
pub use fit::{Fit, FitReport, LevelReport};
pub(crate) use load::{Source, to_grid};
pub(crate) use model::Quantization;
pub use model::RqKMeansModel;
pub(crate) use model_file::KIND;
pub use params::{Algorithm, Clusters, Init, Metric, MiniBatch, RqKMeans};
pub(crate) use params::{MAX_LEVELS, PARAMETERS_VERSION, SINKHORN_EPSILON, check_version, default_levels};
pub use progress::Progress;
#[cfg(test)]
pub(crate) use row_distances::RowDistances;

#[cfg(test)]
mod tests;
