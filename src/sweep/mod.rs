//! Sweeps: models of many sizes, fitted and measured one after the other.

mod record;

pub use record::{PredictedCollisions, SweepData, SweepParameters, SweepRecord, SweepSeconds};
