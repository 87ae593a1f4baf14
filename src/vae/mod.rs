//! RQ-VAE: a residual quantizer in a learned latent space.

mod batch_norm;
mod book;
mod checkpoint;
mod data;
mod file;
mod forward;
mod getters;
mod judge;
pub(crate) mod legacy;
mod model;
mod net;
mod params;
mod plus;
mod quantizer;
mod report;
mod rotation;
mod schedule;
mod start;
mod step;
mod stored;
mod train;
mod variant;
mod weights;

pub(crate) use file::KIND;
pub(crate) use forward::Forward;
pub use model::{LatentRows, RqVaeModel};
pub use params::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae};
pub use report::{EpochReport, RqVaeReport, VaeProgress};
pub use schedule::Schedule;
pub use train::RqVaeFit;

#[cfg(test)]
mod tests;
