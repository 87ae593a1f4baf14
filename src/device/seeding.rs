//! k-means++ whose distances stay on a device.

use crate::error::Result;
use crate::kernel::seed::Seed;

/// The distances of weighted rows from the codewords so far, see [`Table::seeding`](super::Table::seeding).
pub(crate) trait Seeding {
    /// Makes a row the first codeword.
    fn start(&mut self, row: usize) -> Result<Seed>;

    /// Runs `kernel::seed`: draws the rows on which the values fall, and makes the best of them a codeword. There are
    /// at most [`MAX_VALUES`] values, each below the potential of the last codeword.
    fn draw(&mut self, values: &[u128]) -> Result<Seed>;
}

/// The most values of a step: 2 + floor(ln K), for K up to 65,536, is 13.
pub(crate) const MAX_VALUES: usize = 16;
