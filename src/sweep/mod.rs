//! Sweeps: models of many sizes, fitted and measured one after the other.
//!
//! # Sharing
//! Where the codebook of a level does not depend on the levels after it, as in residual k-means unless all levels are
//! fitted together, runs that differ only in their number of levels share one fit, of which each takes the first
//! levels. Runs that have only their first clusters in common share the fit of these levels, and each goes on from
//! there. An evaluation computes only once what depends on the rows alone, such as their true neighbours.
//!
//! # Going on
//! The file has a line for each finished run, in the order of the grid; a sweep writes the line at once and flushes it
//! to disk. A sweep that finds lines checks that they are the first lines that it would write, keeps them and goes on
//! after the last. It drops half a line at the end, which a killed process left. The training of a network goes on from
//! the checkpoint of its last epoch, which stands beside the file until the run is finished.

mod check;
mod checksum;
mod data;
mod file;
mod getters;
mod grid;
mod identity;
mod inputs;
mod metric;
mod model;
mod predict;
mod progress;
mod record;
mod run;
mod settings;
mod shared;
#[cfg(test)]
mod tests;
mod training;

pub use grid::Sweep;
pub use metric::SweepMetric;
pub use progress::{SweepProgress, SweepStage};
pub use record::{PredictedCollisions, SweepData, SweepParameters, SweepRecord, SweepSeconds};
