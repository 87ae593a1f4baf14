//! Samples of rows by their hashes alone, so that nobody needs a list of the chosen rows.

use super::row_hash;

/// All rows, or those whose hash of (seed, row) is among the smallest.
///
/// # Exactness
/// A row belongs to the sample if its (hash, row) does not exceed one pair of numbers, so whoever holds some of the
/// rows can tell which of them are chosen. The search for this pair takes two passes over the hashes and little memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) seed: u64,
    /// The largest (hash, row) of the sample; `None` where all rows are chosen.
    pub(crate) last: Option<(u64, u64)>,
}

impl Sample {
    /// Every row.
    pub(crate) const ALL: Self = Self { seed: 0, last: None };

    /// Chooses the `count` rows below `rows` with the smallest hashes, the lowest row on a tie; at least one.
    pub(crate) fn new(seed: u64, rows: usize, count: usize) -> Self {
        if count >= rows {
            return Self::ALL;
        }
        // There are about as many buckets of hashes as rows in each, at most 65,536, so that both passes need little
        // memory.
        let bits = (rows.ilog2() / 2).clamp(1, 16);
        let bucket_of = |hash: u64| (hash >> (64 - bits)) as usize;
        let hashes = || (0..rows as u64).map(|row| (row_hash(seed, row), row));
        let mut counts = vec![0_usize; 1 << bits];
        for (hash, _) in hashes() {
            if let Some(count) = counts.get_mut(bucket_of(hash)) {
                *count += 1;
            }
        }
        let mut missing = count.max(1);
        let holds_last = |count: &usize| {
            let here = missing <= *count;
            missing -= if here { 0 } else { *count };
            here
        };
        let bucket = counts.iter().position(holds_last);
        let mut within: Vec<(u64, u64)> = hashes().filter(|(hash, _)| Some(bucket_of(*hash)) == bucket).collect();
        within.sort_unstable();
        Self { seed, last: within.get(missing - 1).copied() }
    }

    /// Whether `row` is chosen.
    pub(crate) fn holds(&self, row: u64) -> bool {
        self.last.is_none_or(|last| (row_hash(self.seed, row), row) <= last)
    }

    /// Counts the chosen rows among `rows`.
    pub(crate) fn count(&self, rows: std::ops::Range<u64>) -> u64 {
        match self.last {
            None => rows.end.saturating_sub(rows.start),
            Some(_) => rows.filter(|row| self.holds(*row)).count() as u64,
        }
    }
}
