//! Weighted random draws, exactly.

use super::Stream;
use std::borrow::Cow;

/// Draws of indices with probability proportional to their weights.
///
/// # Exactness
/// A draw is a uniform integer below the sum of all weights; the index drawn is the first one at which the running sum
/// exceeds it. Only one running sum per [`BLOCK`] weights is kept.
pub(crate) struct Draws<'a> {
    weight: &'a dyn Fn(usize) -> u128,
    /// Running sums at the ends of the blocks.
    ends: Cow<'a, [u128]>,
}

/// Weights per running sum.
pub(crate) const BLOCK: usize = 256;

impl<'a> Draws<'a> {
    pub(crate) fn new(count: usize, weight: &'a dyn Fn(usize) -> u128) -> Self {
        let block = |sum: &mut u128, first: usize| {
            *sum += (first..count.min(first + BLOCK)).map(weight).sum::<u128>();
            Some(*sum)
        };
        Self { weight, ends: (0..count).step_by(BLOCK).scan(0, block).collect() }
    }

    /// Takes the running sums at the ends of the blocks, where these are known.
    pub(crate) fn from_ends(ends: &'a [u128], weight: &'a dyn Fn(usize) -> u128) -> Self {
        Self { weight, ends: Cow::Borrowed(ends) }
    }

    pub(crate) fn total(&self) -> u128 {
        self.ends.last().copied().unwrap_or(0)
    }

    pub(crate) fn draw(&self, stream: &mut Stream) -> usize {
        self.at(stream.below(self.total()))
    }

    /// Returns the index that a value below the total selects: the first one whose running sum exceeds the value.
    pub(crate) fn at(&self, value: u128) -> usize {
        self.within(value).0
    }

    /// Returns the same index, and how far the value is beyond the weights before it.
    pub(crate) fn within(&self, value: u128) -> (usize, u128) {
        let block = self.ends.partition_point(|end| *end <= value);
        let mut sum = block.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        for index in block * BLOCK..(block + 1) * BLOCK {
            let before = sum;
            sum += (self.weight)(index);
            if sum > value {
                return (index, value - before);
            }
        }
        (0, 0)
    }
}
