//! Pairs of items that occur together, by the numbers of their rows.

use crate::error::{Error, ErrorKind, Result, try_reserve, try_zeros};
use crate::partial::Partial;
use std::collections::{HashMap, HashSet};

/// Most unknown keys that are kept by name.
const NAMED: usize = 5;

/// What became of the pairs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PairCounts {
    /// Pairs of two different rows; one that is given again counts again.
    pub pairs: u64,
    /// Rows that have a partner.
    pub rows: u64,
    /// Pairs of an item with itself, which count for nothing.
    pub self_pairs: u64,
    /// Pairs with a key that no row has, which count for nothing.
    pub unknown_pairs: u64,
    /// Number of different keys that no row has.
    pub unknown_keys: u64,
    /// The first of them, in the order of the pairs.
    pub first_unknown: Vec<String>,
}

/// The partners of every row: the rows of the items that it occurs with, and how often.
///
/// # Shapes
/// Pairs of rows below N.
///
/// # Exactness
/// A pair is the same in both directions, and counts as often as it is given. The order of the pairs has no influence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partners {
    /// Where the partners of every row begin, and where those of the last one end.
    starts: Vec<usize>,
    /// Row and count of every partner, in the order of the rows.
    partners: Vec<(usize, u32)>,
    counts: PairCounts,
}

impl Partners {
    /// Takes pairs of the keys of items; `keys` has the key of every row.
    ///
    /// # Errors
    /// [`ErrorKind::RepeatedKey`] for a key that two rows have, and as for [`Partners::of_rows`].
    ///
    /// ```
    /// use semid::smoothing::Partners;
    ///
    /// let keys = ["tea", "cup", "pot"].map(str::to_owned);
    /// let pairs = Partners::new(&keys, [("tea", "cup"), ("cup", "tea"), ("pot", "lid"), ("pot", "pot")])?;
    /// assert_eq!(pairs.of(0).collect::<Vec<_>>(), [(1, 2)]);
    /// assert_eq!((pairs.counts().unknown_pairs, pairs.counts().self_pairs), (1, 1));
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn new<S: AsRef<str>>(keys: &[String], pairs: impl IntoIterator<Item = (S, S)>) -> Result<Self> {
        let mut rows: HashMap<&str, usize> = HashMap::with_capacity(keys.len());
        for (row, key) in keys.iter().enumerate() {
            if let Some(first) = rows.insert(key, row) {
                return Err(Error::repeated_key(key, first, row));
            }
        }
        let (mut known, mut counts, mut unknown) = (Vec::new(), PairCounts::default(), HashSet::new());
        for (a, b) in pairs {
            let (a, b) = (a.as_ref(), b.as_ref());
            if let (Some(a), Some(b)) = (rows.get(a), rows.get(b)) {
                try_reserve(&mut known, 1, "pairs of items")?;
                known.push((*a, *b));
                continue;
            }
            counts.unknown_pairs += 1;
            for key in [a, b].into_iter().filter(|key| !rows.contains_key(key)) {
                if unknown.insert(key.to_owned()) && counts.first_unknown.len() < NAMED {
                    counts.first_unknown.push(key.to_owned());
                }
            }
        }
        counts.unknown_keys = unknown.len() as u64;
        let PairCounts { unknown_pairs, unknown_keys, first_unknown, .. } = counts;
        let mut found = Self::of_rows(keys.len(), known)?;
        found.counts = PairCounts { unknown_pairs, unknown_keys, first_unknown, ..found.counts };
        Ok(found)
    }

    /// Takes pairs of rows below `rows`.
    ///
    /// # Errors
    /// [`ErrorKind::Parameter`] for a row that does not exist; [`ErrorKind::Overflow`] for more than 2^37 pairs, and
    /// for a pair that is given more than 2^32 - 1 times.
    pub fn of_rows(rows: usize, pairs: impl IntoIterator<Item = (usize, usize)>) -> Result<Self> {
        let (mut all, mut counts) = (Vec::new(), PairCounts::default());
        for (a, b) in pairs {
            if let Some(row) = [a, b].into_iter().find(|row| *row >= rows) {
                return Err(Error::parameter("pair", row, format!("must be rows below {rows}")));
            }
            if a == b {
                counts.self_pairs += 1;
                continue;
            }
            counts.pairs += 1;
            try_reserve(&mut all, 2, "pairs of items")?;
            all.extend([(a, b), (b, a)]);
        }
        if counts.pairs > Partial::MAX_ROWS {
            return Err(ErrorKind::Overflow { what: "numbers of pairs" }.into());
        }
        all.sort_unstable();
        let mut starts = try_zeros::<usize>(rows.saturating_add(1), "the partners of rows")?;
        let mut partners: Vec<(usize, u32)> = Vec::new();
        for equal in all.chunk_by(|one, other| one == other) {
            let Some((row, partner)) = equal.first().copied() else { continue };
            let times =
                u32::try_from(equal.len()).map_err(|_| ErrorKind::Overflow { what: "repetitions of a pair" })?;
            try_reserve(&mut partners, 1, "the partners of rows")?;
            partners.push((partner, times));
            if let Some(end) = starts.get_mut(row + 1) {
                *end = partners.len();
            }
        }
        // Rows without partners end where the row before ends.
        let mut end = 0;
        for start in &mut starts {
            end = end.max(*start);
            *start = end;
        }
        counts.rows = starts.windows(2).filter(|span| span.first() < span.last()).count() as u64;
        Ok(Self { starts, partners, counts })
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.starts.len().saturating_sub(1)
    }

    /// Returns whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns what became of the pairs.
    pub fn counts(&self) -> &PairCounts {
        &self.counts
    }

    /// Returns the partners of a row, in the order of their rows, and how often each occurs with it.
    pub fn of(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, u32)> {
        let span = self.starts.get(row).copied().zip(self.starts.get(row.saturating_add(1)).copied());
        let partners = span.and_then(|(start, end)| self.partners.get(start..end)).unwrap_or_default();
        partners.iter().copied()
    }
}
