//! Semantic IDs from embeddings, with the same bits on every device.
mod codebook;
mod device;
mod error;
mod grid;
mod id;
pub mod io;
mod kernel;
mod partial;
mod rng;
mod rows;
mod rq;

pub use codebook::Codebook;
pub use device::{AdapterLimits, Device, DeviceInfo, KernelTime};
pub use error::{Error, ErrorKind, Result};
pub use grid::Grid;
pub use id::IdFormat;
pub use partial::Partial;
pub use rows::{Matrix, Rows};
pub use rq::{
    Algorithm, Clusters, Codes, EncodeReport, Fit, FitReport, Init, LevelReport, Metric, MiniBatch, Progress, RqKMeans,
    RqKMeansModel,
};

/// Most dimensions a row may have: squared distances stay exact in u64 up to here.
pub const MAX_DIM: usize = 8192;
/// Most codewords a level may have.
pub const MAX_CLUSTERS: usize = 65_536;
