//! The state of a training, from which it can go on.

use super::divergence::Relative;
use super::model::RqVaeModel;
use super::report::EpochReport;
use super::tally::Tally;
use super::validation::Validation;
use serde::{Deserialize, Serialize};

/// The state of a training, from which it can go on.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct TrainingState {
    /// Steps done in all.
    pub(super) step: u64,
    /// The epoch to go on with, from 0, and the batches done of it.
    pub(super) epoch: usize,
    pub(super) batch: usize,
    /// Losses and codes of these batches.
    pub(super) tally: Tally,
    pub(super) reports: Vec<EpochReport>,
    /// Losses of the first step, which is that of the untrained networks; checkpoints of earlier versions have none.
    #[serde(default)]
    pub(super) untrained: Option<Relative>,
}

/// The best model so far.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct BestModel {
    pub(super) validation: Validation,
    pub(super) epoch: usize,
    pub(super) model: RqVaeModel,
}
