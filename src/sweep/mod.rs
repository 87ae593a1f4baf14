//! Sweeps: models of many sizes, fitted and measured one after the other.
//!
//! # Sharing
//! A level's codebook does not depend on the levels after it, so runs that differ only in their number of levels are
//! one fit, of which each takes the first levels; runs that have only their first clusters in common share the fit of
//! these levels, from which each goes on. What an evaluation finds out about the rows alone, such as their true
//! neighbours, is found out once.
//!
//! # Going on
//! The file has a line per finished run, in the order of the grid, each written at once and flushed to disk. A sweep
//! that finds lines checks that they are the beginning of what it would write, leaves them and goes on after the last;
//! half a line at the end, from a process that was killed, is dropped. A network that was being trained goes on from
//! the checkpoint of its last epoch, which stands beside the file until the run is finished.

mod checksum;
mod data;
mod file;
mod getters;
mod grid;
mod identity;
mod metric;
mod model;
mod predict;
mod progress;
mod record;
mod run;
mod settings;
mod shared;
mod stored;
#[cfg(test)]
mod tests;
mod training;

pub use grid::Sweep;
pub use metric::SweepMetric;
pub use progress::{SweepProgress, SweepStage};
pub use record::{PredictedCollisions, SweepData, SweepParameters, SweepRecord, SweepSeconds};
