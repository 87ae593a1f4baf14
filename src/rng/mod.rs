//! Seeded randomness that never changes: not with a crate's version, the batch, the device or the thread count.

mod draws;
mod sample;

pub(crate) use draws::{BLOCK, Draws};
pub(crate) use sample::Sample;

use crate::error::{Result, try_collect};
use rand_pcg::Pcg64;
use rand_pcg::rand_core::Rng;
use sha2::{Digest, Sha256};

/// A stream of random integers for one purpose.
///
/// # Exactness
/// PCG XSL RR 128/64 whose state and stream are the first and second half, little endian, of
/// SHA-256("semid " purpose 0x00 seed level run), the numbers as u64 little endian.
///
/// # References
/// M. E. O'Neill, PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms, HMC-CS-2014-0905.
#[derive(Clone)]
pub(crate) struct Stream(Pcg64);

impl Stream {
    pub(crate) fn new(purpose: &str, seed: u64, level: usize, run: usize) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"semid ");
        hash.update(purpose.as_bytes());
        hash.update([0]);
        for number in [seed, level as u64, run as u64] {
            hash.update(number.to_le_bytes());
        }
        let digest: [u8; 32] = hash.finalize().into();
        let (state, stream) = digest.split_at(16);
        Self(Pcg64::new(u128_le(state), u128_le(stream)))
    }

    pub(crate) fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// Shuffles `items` by the method of Fisher and Yates, from the last place on; every order is equally likely.
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u128 + 1) as usize);
        }
    }

    /// Draws a uniform integer below `bound`, which is not 0. It draws as many bits as `bound - 1` has until they are
    /// below `bound`. Up to 64 bits take one draw, more take two, the high half first.
    pub(crate) fn below(&mut self, bound: u128) -> u128 {
        // The words never end.
        Self::below_from(bound, || Some(self.next_u64())).unwrap_or(0)
    }

    /// Does the same with the words of another source; returns none where these end.
    pub(crate) fn below_from(bound: u128, mut next: impl FnMut() -> Option<u64>) -> Option<u128> {
        let bits = 128 - bound.saturating_sub(1).leading_zeros();
        if bits == 0 {
            return Some(0);
        }
        loop {
            let first = next()?;
            let draw = match bits <= 64 {
                true => u128::from(first >> (64 - bits)),
                false => ((u128::from(first) << 64) | u128::from(next()?)) >> (128 - bits),
            };
            if draw < bound {
                return Some(draw);
            }
        }
    }

    /// Passes over `count` integers.
    #[cfg(feature = "gpu")]
    pub(crate) fn skip(&mut self, count: u64) {
        for _ in 0..count {
            self.next_u64();
        }
    }
}

fn u128_le(bytes: &[u8]) -> u128 {
    bytes.iter().rev().fold(0, |value, byte| (value << 8) | u128::from(*byte))
}

/// Hashes (seed, row), and nothing else, with SplitMix64's mixer.
///
/// # References
/// G. L. Steele, D. Lea, C. H. Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
pub(crate) fn row_hash(seed: u64, row: u64) -> u64 {
    mix(mix(seed.wrapping_add(GOLDEN)) ^ row.wrapping_mul(GOLDEN).wrapping_add(GOLDEN))
}

/// 2^64 over the golden ratio.
pub(crate) const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// SplitMix64's mixer.
pub(crate) fn mix(z: u64) -> u64 {
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// Returns the `count` rows below `rows` with the smallest hashes of (seed, row), ascending.
///
/// # Errors
/// [`ErrorKind::OutOfMemory`](crate::ErrorKind::OutOfMemory).
pub(crate) fn sample(seed: u64, rows: usize, count: usize) -> Result<Vec<usize>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let sample = Sample::new(seed, rows, count);
    try_collect((0..rows).filter(|row| sample.holds(*row as u64)), "chosen rows")
}

#[cfg(test)]
mod tests;
