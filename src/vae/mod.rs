//! RQ-VAE: a residual quantizer in a learned latent space.

mod activations;
mod batch_norm;
mod checkpoint;
mod chunks;
mod data;
mod divergence;
mod epoch;
mod file;
mod finite;
mod fit;
mod forward;
mod getters;
mod latent_quantizer;
mod latent_rows;
pub(crate) mod legacy;
mod limits;
mod model;
mod network;
mod parameter;
mod params;
mod plus;
mod plus_trainer;
mod quantizer;
mod report;
mod restart;
mod rotation;
mod schedule;
mod standard;
mod start;
mod state;
mod step;
mod tally;
mod train;
mod trained_codebook;
mod trainer;
mod validation;
mod variant;
mod weights;

pub(crate) use file::{KIND, NAME};
pub use fit::RqVaeFit;
pub use model::RqVaeModel;
pub use params::{CodebookUpdate, Estimator, Keep, Loss, MatmulWidth, Reduction, RqVae};
pub(crate) use plus_trainer::PLUS;
pub use report::{EpochReport, RqVaeReport, VaeProgress};
pub use schedule::Schedule;

#[cfg(test)]
mod tests;
