//! Exact sums over rows by the codes of all levels, which give every codeword its best place beside the others.

use crate::codebook::{CODEWORDS_MAX, Codebook};
use crate::error::{Error, ErrorKind, Result};
use crate::partial::Partial;
use rayon::prelude::*;
use std::cmp::Ordering;
use std::sync::Arc;

/// What all levels leave of the rows, summed by the codes of every level, and how often any two codes meet.
///
/// # Shapes
/// One [`Partial`] (K, D) per level; L (L - 1) / 2 pairs of levels, the first level of the pair ascending, then the
/// second.
///
/// # Exactness
/// A residual is within 2^24 and there are at most 2^37 rows, so sums are within 2^61. The energy of every level is the
/// squared error of all levels together. Sums and counts merge in any order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JointSums {
    levels: Vec<Partial>,
    pairs: Vec<CodePairCounts>,
}

/// How many rows have code a of one level and code b of another, for every pair of codes that rows have: ascending keys
/// `a K + b`, and the count of each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CodePairCounts {
    pub(crate) keys: Vec<u32>,
    pub(crate) counts: Vec<u64>,
}

impl CodePairCounts {
    /// Counts the pairs of codes; row i counts `times(i)` times, and `clusters` is K of the second level.
    pub(crate) fn of(first: &[u32], second: &[u32], clusters: usize, times: impl Fn(usize) -> u64) -> Self {
        let pair = |(row, (a, b)): (usize, (&u32, &u32))| (key(*a, *b, clusters), times(row));
        let mut pairs: Vec<(u32, u64)> = first.iter().zip(second).enumerate().map(pair).collect();
        pairs.sort_unstable();
        let mut found = Self::default();
        pairs.into_iter().for_each(|(key, count)| found.push(key, count));
        found
    }

    /// Adds a count to a key, which is not below the last one.
    fn push(&mut self, key: u32, count: u64) {
        match self.counts.last_mut().filter(|_| self.keys.last() == Some(&key)) {
            Some(last) => *last = last.saturating_add(count),
            None => {
                self.keys.push(key);
                self.counts.push(count);
            }
        }
    }

    fn entries(&self) -> impl Iterator<Item = (u32, u64)> {
        self.keys.iter().copied().zip(self.counts.iter().copied())
    }

    fn merged(&self, other: &Self) -> Self {
        let (mut a, mut b) = (self.entries().peekable(), other.entries().peekable());
        let mut all = Self::default();
        while let (Some((one, _)), Some((two, _))) = (a.peek(), b.peek()) {
            let next = if one.cmp(two) == Ordering::Greater { b.next() } else { a.next() };
            next.into_iter().for_each(|(key, count)| all.push(key, count));
        }
        a.chain(b).for_each(|(key, count)| all.push(key, count));
        all
    }
}

/// Both codes are below 65,536 and b is below the clusters of its level, so a key is below 2^32 and unique.
fn key(a: u32, b: u32, clusters: usize) -> u32 {
    a.wrapping_mul(clusters as u32).wrapping_add(b)
}

impl JointSums {
    /// The most pairs of codes that are counted: 12 bytes for each.
    pub(crate) const MAX_PAIRS: u64 = 1 << 26;

    /// Makes the sums of no rows.
    pub(crate) fn new(levels: &[Arc<Codebook>]) -> Self {
        let pairs = levels.len() * levels.len().saturating_sub(1) / 2;
        let levels = levels.iter().map(|level| Partial::new(level.clusters(), level.dim())).collect();
        Self { levels, pairs: vec![CodePairCounts::default(); pairs] }
    }

    /// Makes the sums of parts.
    ///
    /// # Errors
    /// [`ErrorKind::Shards`] unless every level and every pair of levels counts the same rows.
    pub(crate) fn from_parts(levels: Vec<Partial>, pairs: Vec<CodePairCounts>) -> Result<Self> {
        let sums = Self { levels, pairs };
        let dim = sums.levels.first().map_or(0, Partial::dim);
        let whole = sums.levels.iter().all(|level| level.dim() == dim && level.energy() == sums.squared_error());
        let numbers = pairs_of(sums.levels.len());
        let agree = numbers.len() == sums.pairs.len()
            && numbers.iter().zip(&sums.pairs).all(|((first, second), pair)| {
                let levels = sums.levels.get(*first).zip(sums.levels.get(*second));
                levels.is_some_and(|(first, second)| agrees(pair, first, second))
            });
        match whole && agree {
            true => Ok(sums),
            false => Err(Error::message("reply", "the sums of its levels are of different rows; ask for it again")),
        }
    }

    /// Returns how many pairs of codes a refinement may have to count for `rows` rows and levels of these `clusters`.
    pub(crate) fn most_pairs(rows: usize, clusters: &[usize]) -> u64 {
        let of_pair = |(first, second): (usize, usize)| {
            let clusters = |level: usize| clusters.get(level).copied().unwrap_or(0) as u64;
            clusters(first).saturating_mul(clusters(second)).min(rows as u64)
        };
        pairs_of(clusters.len()).into_iter().map(of_pair).fold(0, u64::saturating_add)
    }

    pub(crate) fn levels(&self) -> &[Partial] {
        &self.levels
    }

    pub(crate) fn pairs(&self) -> &[CodePairCounts] {
        &self.pairs
    }

    /// Returns the squared error of all levels together, in squared grid steps.
    pub(crate) fn squared_error(&self) -> u128 {
        self.levels.first().map_or(0, Partial::energy)
    }

    /// Returns the number of rows, each as often as it counts.
    pub(crate) fn rows(&self) -> u64 {
        self.levels.first().map_or(0, |level| level.counts().iter().sum())
    }

    /// Adds the sums of other rows by the codes of the same levels.
    ///
    /// # Errors
    /// As for [`Partial::merge`].
    pub(crate) fn merge(&mut self, other: &Self) -> Result<()> {
        if self.levels.len() != other.levels.len() {
            let (found, expected) = ((other.levels.len(), 0), (self.levels.len(), 0));
            return Err(ErrorKind::Shape { what: "sums by the codes of all levels", found, expected }.into());
        }
        self.levels.iter_mut().zip(&other.levels).try_for_each(|(all, more)| all.merge(more))?;
        self.pairs.iter_mut().zip(&other.pairs).for_each(|(all, more)| *all = all.merged(more));
        Ok(())
    }

    /// Moves the codewords of one level after the other, from level `frozen` on, to the mean of what the other levels
    /// leave of their rows; returns the codebooks, and whether any codeword has moved.
    ///
    /// # Exactness
    /// With n rows of code k that sum up to R, the codeword c becomes `c + floor((2 R + n) / (2 n))`, which is the mean
    /// of what the other levels leave, rounded half up, as c is an integer. Every component is then cut off at what the
    /// other levels leave of 2^23; c itself is within that. A row of code b of another level and code a of this one
    /// loses `delta_a`, so the sums of code b lose `delta_a` times the rows with both codes. All of it is exact, and
    /// for fixed codes no step raises the squared error: the rounded mean is the best integer of each component, and
    /// cut off, the best one within the bound.
    ///
    /// # Errors
    /// [`ErrorKind::Overflow`] for sums that no rows have.
    pub(crate) fn means(mut self, codebooks: &[Arc<Codebook>], frozen: usize) -> Result<(Vec<Arc<Codebook>>, bool)> {
        let (mut codebooks, mut moved) = (codebooks.to_vec(), false);
        for level in frozen..codebooks.len() {
            let others = codebooks.iter().enumerate().filter(|(other, _)| *other != level);
            let room = CODEWORDS_MAX - others.map(|(_, other)| other.largest()).sum::<i64>();
            let (Some(codebook), Some(sums)) = (codebooks.get_mut(level), self.levels.get(level)) else { break };
            let deltas = move_codewords(Arc::make_mut(codebook), sums, room)?;
            if deltas.iter().any(|delta| *delta != 0) {
                moved = true;
                self.subtract(level, &deltas);
            }
        }
        Ok((codebooks, moved))
    }

    /// Takes the movements (K, D) of the codewords of a level from the residuals, as far as other levels need it.
    fn subtract(&mut self, level: usize, deltas: &[i64]) {
        let numbers = pairs_of(self.levels.len());
        let pair = |other: usize| {
            let pair = numbers.iter().position(|pair| *pair == (level.min(other), level.max(other)))?;
            self.pairs.get(pair)
        };
        let clusters = |level: usize| self.levels.get(level).map_or(1, |sums| sums.counts().len().max(1)) as u32;
        let step = |other: usize| clusters(level.max(other));
        let work: Vec<Option<(&CodePairCounts, u32)>> =
            (0..self.levels.len()).map(|other| Some((pair(other).filter(|_| other != level)?, step(other)))).collect();
        self.levels.par_iter_mut().zip(work).enumerate().for_each(|(other, (sums, work))| {
            let Some((pair, step)) = work else { return };
            for (key, count) in pair.entries() {
                let (first, second) = (key / step, key % step);
                let (of, to) = if level < other { (first, second) } else { (second, first) };
                sums.subtract_times(to as usize, deltas, of as usize, count);
            }
        });
    }
}

/// Returns the pairs of `levels` levels, in their order.
fn pairs_of(levels: usize) -> Vec<(usize, usize)> {
    (0..levels).flat_map(|first| (first + 1..levels).map(move |second| (first, second))).collect()
}

/// Whether the pairs have the counts of both levels.
fn agrees(pair: &CodePairCounts, first: &Partial, second: &Partial) -> bool {
    let clusters = second.counts().len().max(1);
    let (mut left, mut right) = (first.counts().to_vec(), second.counts().to_vec());
    let ascending = pair.keys.is_sorted_by(|a, b| a < b) && pair.keys.len() == pair.counts.len();
    let mut take = |(key, count): (u32, u64)| {
        let (a, b) = (key as usize / clusters, key as usize % clusters);
        let less = |counts: &mut Vec<u64>, k: usize| {
            let left = counts.get_mut(k)?;
            *left = left.checked_sub(count)?;
            Some(())
        };
        count > 0 && less(&mut left, a).is_some() && less(&mut right, b).is_some()
    };
    ascending && pair.entries().all(&mut take) && left.iter().chain(&right).all(|count| *count == 0)
}

/// Moves every codeword by the rounded mean of its residuals, within `room`; returns the movements (K, D).
fn move_codewords(codebook: &mut Codebook, residuals: &Partial, room: i64) -> Result<Vec<i64>> {
    // Codewords are within i32.
    let room = room.clamp(0, i64::from(i32::MAX));
    let sums = residuals.sums().chunks_exact(residuals.dim());
    let mut deltas = crate::error::try_zeros(residuals.sums().len(), "movements of codewords")?;
    let movements = deltas.chunks_exact_mut(residuals.dim());
    for (((codeword, sums), count), deltas) in codebook.codewords_mut().zip(sums).zip(residuals.counts()).zip(movements)
    {
        let count = i64::try_from(*count).unwrap_or(i64::MAX);
        for ((value, sum), delta) in codeword.iter_mut().zip(sums).zip(deltas) {
            if sum.unsigned_abs() > (count as u64) << 24 {
                return Err(ErrorKind::Overflow { what: "sums by the codes of all levels" }.into());
            }
            if count > 0 {
                let old = i64::from(*value);
                let new = (old + (2 * sum + count).div_euclid(2 * count)).clamp(-room, room);
                *delta = new - old;
                *value = new as i32;
            }
        }
    }
    Ok(deltas)
}

#[cfg(test)]
mod tests;
