//! Iterations of Lloyd's algorithm whose codewords stay on a device.

use super::{Assigned, Table};
use crate::codebook::Codebook;
use crate::error::Result;
use crate::kernel::update::Update;

/// What the host learns of an iteration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Iteration {
    /// How many rows changed their code.
    pub(crate) assigned: Assigned,
    /// How the codewords moved afterwards.
    pub(crate) update: Update,
}

impl Iteration {
    /// Returns the squared error of the rows, whose squared lengths add up to `energy`, before the codewords moved.
    pub(crate) fn squared_error(&self, energy: u128) -> u128 {
        (energy as i128 - self.update.gain) as u128
    }
}

/// A table whose codewords move on the device, see [`Table::lloyd`].
pub(crate) trait Lloyd {
    /// Runs `kernel::assign` with the codewords as they are, and then `kernel::update` with the sums of
    /// `kernel::centroid`.
    fn iterate(&mut self) -> Result<Iteration>;

    /// Returns the codewords to which the last iteration assigned the rows, before it moved them.
    fn codewords(&mut self) -> Result<Codebook>;

    /// Replaces the codewords by others of the same shape; the rows keep their codes.
    fn restart(&mut self, codebook: &Codebook) -> Result<()>;

    /// Returns the table. Its rows must stay as they are.
    fn table(&mut self) -> &mut dyn Table;
}
