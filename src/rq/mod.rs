//! Residual k-means: parameters, fitting level by level, and the fitted model that encodes and decodes.

mod assignment;
mod balanced;
mod decode;
mod draws;
mod encode;
mod fit;
mod level;
mod lloyd;
mod load;
mod mini_batch;
mod model;
pub(crate) mod model_file;
mod params;
mod progress;
mod row_distances;
mod seeding;
mod variant;

pub use encode::{Codes, EncodeReport};
pub use fit::{Balance, Fit, FitReport, LevelReport};
pub(crate) use load::{Source, to_grid};
pub use model::RqKMeansModel;
pub(crate) use model::{Quantization, hex};
pub(crate) use params::MAX_LEVELS;
pub use params::{Algorithm, Clusters, Init, Metric, MiniBatch, RqKMeans};
pub use progress::Progress;
pub(crate) use row_distances::RowDistances;

#[cfg(test)]
mod tests;
