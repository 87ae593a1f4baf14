//! Checks the lengths that a page of texts states before the decoder allocates memory by them.
//!
//! In a delta-encoded page, the lengths of the texts come first, and the lengths are in turn packed by their
//! differences. The decoder believes their count; and a text that shares all but its end with the one before takes few
//! bytes in the file, but all of its length in memory.

use super::varint::{signed, varint};
use parquet::basic::Encoding;

/// Most bits of a difference.
const BITS: u32 = 32;

/// Whether a page states at most `count` values, and texts that share prefixes take at most `most` bytes when they are
/// decoded. Pages in other encodings, which state no lengths, fit.
pub(super) fn fits(encoding: Encoding, values: &[u8], count: usize, most: u64) -> bool {
    let checked = match encoding {
        Encoding::DELTA_BINARY_PACKED => count_of(values).map(|found| found <= count),
        Encoding::DELTA_LENGTH_BYTE_ARRAY => lengths(values, count).map(|_| true),
        Encoding::DELTA_BYTE_ARRAY => shared(values, count).map(|bytes| bytes <= most),
        _ => Some(true),
    };
    checked.unwrap_or(false)
}

/// Sums the bytes of all texts, each of which begins with a prefix of the one before.
fn shared(values: &[u8], count: usize) -> Option<u64> {
    let (prefixes, rest) = lengths(values, count)?;
    let (suffixes, _) = lengths(rest, count)?;
    Some(prefixes.saturating_add(suffixes))
}

fn count_of(values: &[u8]) -> Option<usize> {
    Some(Numbers::begin(values)?.count)
}

/// Sums up to `count` lengths; returns the sum and the bytes after the lengths.
fn lengths(values: &[u8], count: usize) -> Option<(u64, &[u8])> {
    let mut numbers = Numbers::begin(values)?;
    if numbers.count > count {
        return None;
    }
    let mut value = numbers.first;
    let mut sum = 0_u64;
    let mut left = numbers.count;
    if left > 0 {
        sum = u64::try_from(value).ok()?;
        left -= 1;
    }
    while left > 0 {
        left = numbers.block(left, |difference| {
            value = value.checked_add(difference)?;
            sum = sum.saturating_add(u64::try_from(value).ok()?);
            Some(())
        })?;
    }
    Some((sum, numbers.rest))
}

/// Numbers packed by their differences, in blocks of small blocks; each small block has its own number of bits.
struct Numbers<'a> {
    rest: &'a [u8],
    small_blocks: usize,
    /// Differences in a small block.
    small: usize,
    count: usize,
    first: i64,
}

impl<'a> Numbers<'a> {
    fn begin(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut size = || usize::try_from(varint(&mut rest)?).ok();
        let (block, small_blocks, count) = (size()?, size()?, size()?);
        let first = signed(&mut rest)?;
        let small = block.checked_div(small_blocks)?;
        (small.is_multiple_of(32) && small > 0).then_some(Self { rest, small_blocks, small, count, first })
    }

    /// Calls `each` with up to `left` differences of the next block, and returns how many are left after it.
    fn block(&mut self, mut left: usize, mut each: impl FnMut(i64) -> Option<()>) -> Option<usize> {
        let least = signed(&mut self.rest)?;
        let (bits, rest) = self.rest.split_at_checked(self.small_blocks)?;
        self.rest = rest;
        for bits in bits {
            // Small blocks after the last difference have no bytes.
            if left == 0 {
                break;
            }
            let bits = u32::from(*bits);
            if bits > BITS {
                return None;
            }
            // The last small block may end early.
            let bytes = (self.small / 8).checked_mul(bits as usize)?;
            let (packed, rest) = self.rest.split_at(bytes.min(self.rest.len()));
            self.rest = rest;
            for i in 0..left.min(self.small) {
                each(least.checked_add(unpack(packed, i, bits)?)?)?;
            }
            left -= left.min(self.small);
        }
        Some(left)
    }
}

/// Unpacks number `i` of numbers of `bits` bits each, from the lowest bit on.
fn unpack(packed: &[u8], i: usize, bits: u32) -> Option<i64> {
    let start = i * bits as usize;
    (0..bits as usize).try_fold(0, |value, bit| {
        let place = start + bit;
        let byte = packed.get(place / 8)?;
        Some(value | i64::from((byte >> (place % 8)) & 1) << bit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the parquet format: 1, 2, 3, 4, 5 has differences of 1 and needs no bits.
    const FIVE: [u8; 10] = [0x80, 1, 4, 5, 2, 2, 0, 0, 0, 0];

    #[test]
    fn lengths_are_summed_and_followed_by_what_comes_after() {
        let bytes = [&FIVE[..], b"rest"].concat();
        assert_eq!(lengths(&bytes, 5), Some((15, &b"rest"[..])));
        assert_eq!(lengths(&bytes, 4), None);
        // 7, 5, 3, 1, 2, 3, 4, 5: differences -2 -2 -2 1 1 1 1 less -2, in 2 bits: 0 0 0 3 3 3 3.
        let other = [&[0x80, 1, 4, 8, 14, 3, 2, 0, 0, 0, 0b1100_0000, 0b11_1111, 0, 0, 0, 0, 0, 0][..], b"x"].concat();
        assert_eq!(lengths(&other, 8), Some((30, &b"x"[..])));
    }

    #[test]
    fn counts_that_do_not_fit_are_refused() {
        let many = [0x80, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f, 2, 2, 0, 0, 0, 0];
        for encoding in [Encoding::DELTA_BINARY_PACKED, Encoding::DELTA_LENGTH_BYTE_ARRAY, Encoding::DELTA_BYTE_ARRAY] {
            assert!(!fits(encoding, &many, 1000, u64::MAX), "{encoding}");
            assert!(!fits(encoding, &[], 1000, u64::MAX), "{encoding}");
        }
        let twice = [FIVE, FIVE].concat();
        assert!(fits(Encoding::DELTA_BYTE_ARRAY, &twice, 5, 30));
        assert!(!fits(Encoding::DELTA_BYTE_ARRAY, &twice, 5, 29));
        assert!(fits(Encoding::PLAIN, &[], 5, 0));
    }
}
