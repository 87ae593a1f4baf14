//! Product codes: rows are cut into slices of consecutive dimensions, and every slice has a code of its own.
//!
//! A model has R levels of residual k-means first, which may be none, and then a level for each of S slices of what
//! these leave. The codes of the slices do not depend on each other, so a model that generates IDs can predict them all
//! at once.
//!
//! # References
//! H. Jégou, M. Douze, C. Schmid, Product Quantization for Nearest Neighbor Search, IEEE TPAMI 33, 2011. Y. Hou et al.,
//! Generating Long Semantic IDs in Parallel for Recommendation (RPG), KDD 2025.

mod costs;
mod decode;
mod encode;
mod few;
mod file;
mod fit;
mod leave;
mod model;
mod params;
mod quantizer;
mod slice_rows;
mod slices;
mod trainer;

pub(crate) use file::{KIND, RESIDUAL_KIND};
pub use model::PqKMeansModel;
pub use params::PqKMeans;

#[cfg(test)]
mod tests;
