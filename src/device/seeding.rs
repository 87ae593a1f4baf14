//! k-means++ whose distances stay on a device.

use crate::error::Result;
use crate::kernel::seed::Seed;
use crate::rng::Stream;

/// The distances of weighted rows from the codewords so far, see [`Table::seeding`](super::Table::seeding).
pub(crate) trait Seeding {
    /// Makes a row the first codeword.
    fn start(&mut self, row: usize) -> Result<Seed>;

    /// Runs `kernel::seed`: draws the rows on which the values fall, and makes the best of them a codeword. There are
    /// at most [`MAX_VALUES`] values, each below the potential of the last codeword.
    fn draw(&mut self, values: &[u128]) -> Result<Seed>;

    /// Takes steps one after the other, at least one and at most `most`, and none after a potential of 0. Each draws so
    /// many values by [`Stream::below`], below the potential that the step before has left (at first `potential`, which
    /// is not 0), and goes on as [`Seeding::draw`]. A device may wait once for all of them.
    ///
    /// # Exactness
    /// However many steps a device takes at a time, they are the same, and the stream is where they leave it.
    fn steps(&mut self, potential: u128, most: usize, values: usize, stream: &mut Stream) -> Result<Vec<Seed>> {
        let _ = most;
        let values: Vec<u128> = (0..values).map(|_| stream.below(potential)).collect();
        Ok(vec![self.draw(&values)?])
    }
}

/// The most values of a step: 2 + floor(ln K), for K up to 65,536, is 13.
pub(crate) const MAX_VALUES: usize = 16;
