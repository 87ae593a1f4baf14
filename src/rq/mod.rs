//! Residual k-means: parameters, fitting level by level, and the fitted model that encodes and decodes.

mod assigner;
mod beam;
mod capacity;
mod chunks;
mod decode;
mod distances;
mod encode;
mod encoding;
mod equal_rows;
mod few;
mod fit;
mod imported;
pub(crate) mod legacy;
mod model;
mod model_file;
mod on_grid;
mod optimal;
mod params;
mod products;
mod progress;
mod quantizer;
mod row_distances;
mod sampled;
pub(crate) mod sinkhorn;
mod trainer;
mod variant;

pub use crate::balance::Balance;
pub use crate::codebook::Codebook;
pub use crate::grid::{Grid, NarrowDimension, Outlier};
pub use crate::limits::{MAX_CLUSTERS, MAX_DIM};
pub use crate::quantizer::EncodeReport;
pub(crate) use assigner::Assigner;
pub(crate) use encode::encode_chunks;
pub use fit::{Fit, FitReport, LevelReport, Refinement, WarmStart};
pub(crate) use fit::{Given, OwnLevel, Start};
pub use model::RqKMeansModel;
pub(crate) use model_file::KIND;
pub(crate) use on_grid::OnGrid;
pub(crate) use params::SINKHORN_EPSILON;
pub use params::{Algorithm, Clusters, Hierarchical, Init, Metric, MiniBatch, RqKMeans};
pub use progress::Progress;
pub(crate) use progress::readable;
#[cfg(test)]
pub(crate) use row_distances::RowDistances;
pub(crate) use trainer::{k_means, telling};

#[cfg(test)]
pub(crate) mod tests;
