//! Finds the lengths of the rows of a page before the page is decoded.
//!
//! The decoder reads whole rows and only then says how long they are, so one endless row, which takes a few bytes in
//! the file, would take all memory. Repetition levels say where rows begin: they are 0 at the first value of a row and
//! 1 at all others.

use super::long_rows::{Long, limit_of};
use super::varint::varint;

/// Counts the values of rows over the pages of a column chunk.
#[derive(Debug)]
pub(super) struct Lengths {
    /// Most values of a row.
    limit: usize,
    /// The rows that may have more, because they are passed over.
    long: Long,
    /// Number of the row that has begun, if one has.
    row: usize,
    /// The number of its values so far.
    values: usize,
}

/// A row has more values than it may have.
#[derive(Debug, PartialEq)]
pub(super) struct TooLong {
    pub(super) row: usize,
    /// Values found, up to the end of the page.
    pub(super) values: usize,
}

/// How a page stores its repetition levels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Packing {
    /// Runs of one level, or of eight levels in a byte from its lowest bit on.
    Runs,
    /// Eight levels in a byte from its highest bit on, as old files have them.
    Bits,
}

impl Lengths {
    /// Begins to count rows, of up to `limit` values each but for the `long` ones; the first row has the number
    /// `first`.
    pub(super) fn new(limit: usize, long: Long, first: usize) -> Self {
        Self { limit, long, row: first.wrapping_sub(1), values: 0 }
    }

    /// Returns the most values of a row.
    pub(super) fn limit(&self) -> usize {
        self.limit
    }

    /// Passes over a page of whole rows.
    pub(super) fn skip(&mut self, rows: usize) {
        self.row = self.row.wrapping_add(rows);
        self.values = 0;
    }

    /// Counts the `count` levels of a page; the decoder notices missing levels.
    pub(super) fn page(&mut self, levels: &[u8], packing: Packing, count: usize) -> Result<(), TooLong> {
        let mut left = count;
        match packing {
            Packing::Bits => levels.iter().try_for_each(|byte| self.byte(byte.reverse_bits(), &mut left))?,
            Packing::Runs => {
                let mut rest = levels;
                while let Some(header) = varint(&mut rest).filter(|_| left > 0) {
                    let len = usize::try_from(header >> 1).unwrap_or(usize::MAX);
                    if header & 1 == 1 {
                        let (bytes, after) = rest.split_at(len.min(rest.len()));
                        rest = after;
                        bytes.iter().try_for_each(|byte| self.byte(*byte, &mut left))?;
                    } else if let Some((level, after)) = rest.split_first() {
                        rest = after;
                        self.run(*level, len.min(left))?;
                        left -= len.min(left);
                    }
                }
            }
        }
        // A row may go on in the next page, unless it is too long already.
        self.check()
    }

    /// Counts eight levels, the first of which is in the lowest bit.
    fn byte(&mut self, byte: u8, left: &mut usize) -> Result<(), TooLong> {
        for bit in 0..(*left).min(8) {
            self.run((byte >> bit) & 1, 1)?;
        }
        *left -= (*left).min(8);
        Ok(())
    }

    fn run(&mut self, level: u8, count: usize) -> Result<(), TooLong> {
        if level != 0 {
            self.values = self.values.saturating_add(count);
        } else if count > 0 {
            // The row before ends here.
            self.check()?;
            self.row = self.row.wrapping_add(count);
            self.values = 1;
        }
        Ok(())
    }

    fn check(&self) -> Result<(), TooLong> {
        let is_long = || self.values > limit_of(&self.long, self.row, self.limit);
        if self.values > self.limit && is_long() {
            return Err(TooLong { row: self.row, values: self.values });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks pages of levels against a limit.
    fn check(limit: usize, pages: &[(&[u8], usize)]) -> Result<(), TooLong> {
        let mut lengths = Lengths::new(limit, Long::default(), 10);
        pages.iter().try_for_each(|(levels, count)| lengths.page(levels, Packing::Runs, *count))
    }

    #[test]
    fn runs_and_packed_levels_are_counted() {
        // A run of one 0, then one of five 1s.
        let six = [2, 0, 10, 1];
        assert_eq!(check(6, &[(&six, 6)]), Ok(()));
        assert_eq!(check(5, &[(&six, 6)]), Err(TooLong { row: 10, values: 6 }));
        // 0 1 1 | 0 1 | 0 1 1, of which the last level is beyond the page.
        let packed = [3, 0b1101_0110];
        assert_eq!(check(3, &[(&packed, 8)]), Ok(()));
        assert_eq!(check(2, &[(&packed, 8)]), Err(TooLong { row: 10, values: 3 }));
        let later = [3, 0b1110_1010];
        assert_eq!(check(2, &[(&later, 8)]), Err(TooLong { row: 12, values: 4 }));
        assert_eq!(check(2, &[(&later, 6)]), Ok(()));
        let mut lengths = Lengths::new(2, Long::default(), 10);
        assert_eq!(lengths.page(&[0b0101_0111], Packing::Bits, 8), Err(TooLong { row: 12, values: 4 }));
    }

    #[test]
    fn rows_go_on_from_page_to_page() {
        let begin: (&[u8], usize) = (&[2, 0, 8, 1], 5);
        let on: (&[u8], usize) = (&[6, 1], 3);
        assert_eq!(check(8, &[begin, on]), Ok(()));
        assert_eq!(check(7, &[begin, on]), Err(TooLong { row: 10, values: 8 }));
        let mut lengths = Lengths::new(7, Long::default(), 0);
        lengths.page(begin.0, Packing::Runs, begin.1).unwrap();
        lengths.skip(5);
        lengths.page(begin.0, Packing::Runs, begin.1).unwrap();
        let error = lengths.page(on.0, Packing::Runs, on.1).unwrap_err();
        assert_eq!(error, TooLong { row: 6, values: 8 });
    }

    #[test]
    fn a_run_without_end_takes_no_time() {
        let endless = [2, 0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 1];
        assert_eq!(check(8192, &[(&endless, 1 << 31)]), Err(TooLong { row: 10, values: 1 << 31 }));
    }
}
