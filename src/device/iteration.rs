//! What the host learns of an assignment, and of an iteration of Lloyd's algorithm on a device.

use crate::kernel::update::Update;

/// Counts of an `assign`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct AssignCounts {
    /// Rows whose code differs from their code before.
    pub(crate) changed: u64,
    /// Rows that the filter left undecided, so that exact distances decided.
    pub(crate) settled: u64,
}

impl AssignCounts {
    /// Adds the counts of two different sets of rows.
    #[inline(always)]
    pub(crate) fn plus(self, other: Self) -> Self {
        Self { changed: self.changed + other.changed, settled: self.settled + other.settled }
    }
}

/// What the host learns of an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iteration {
    /// How many rows changed their code.
    pub(crate) assigned: AssignCounts,
    /// How the codewords moved afterwards.
    pub(crate) update: Update,
}

impl Iteration {
    /// Returns the squared error of the rows, whose squared lengths add up to `energy`, before the codewords moved.
    pub(crate) fn squared_error(&self, energy: u128) -> u128 {
        (energy as i128 - self.update.gain) as u128
    }
}
