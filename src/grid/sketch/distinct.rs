//! The distinct rows with the smallest hashes.

use crate::rng;
use std::cmp::Ordering;

/// Values that a sample holds, unless its rows would be too few or too many.
const VALUES: usize = 1 << 20;
/// Fewest and most rows that a full sample holds.
const ROWS: std::ops::RangeInclusive<usize> = 1024..=65_536;

/// A sample: the distinct rows with the smallest hashes. Rows with equal hashes are ordered by their bits.
///
/// # Exactness
/// The hash of a row is `mix(sum_d bits_d key_d)` modulo 2^64. `bits_d` are the bits of a value, those of 0 for -0;
/// `key_d` is the high half of `mix((d + 1) 0x9e3779b97f4a7c15)`; `mix` is SplitMix64's. The hash depends neither on a
/// seed nor on the place of the row.
#[derive(Clone, Debug)]
pub(super) struct Distinct {
    dim: usize,
    keys: Vec<u32>,
    /// Hash and slot of every row, in no order; a row may occur more than once.
    rows: Vec<(u64, usize)>,
    /// The rows by their slots, one after the other.
    values: Vec<f32>,
    free: Vec<usize>,
    /// No row with a larger hash can be in the sample.
    limit: u64,
}

impl Distinct {
    pub(super) fn new(dim: usize) -> Self {
        let key = |d: usize| (rng::mix((d as u64 + 1).wrapping_mul(rng::GOLDEN)) >> 32) as u32;
        let keys = (0..dim).map(key).collect();
        Self { dim, keys, rows: Vec::new(), values: Vec::new(), free: Vec::new(), limit: u64::MAX }
    }

    /// Number of rows in a full sample.
    pub(super) fn most(&self) -> usize {
        (VALUES / self.dim).clamp(*ROWS.start(), *ROWS.end())
    }

    pub(super) fn add(&mut self, rows: &[f32]) {
        for row in rows.chunks_exact(self.dim) {
            self.offer(hash(&self.keys, row), row);
        }
    }

    /// Returns the hash of every row.
    pub(super) fn hashes(&self, rows: &[f32]) -> Vec<u64> {
        rows.chunks_exact(self.dim).map(|row| hash(&self.keys, row)).collect()
    }

    /// Adds rows that have these hashes.
    pub(super) fn add_hashed(&mut self, rows: &[f32], hashes: &[u64]) {
        rows.chunks_exact(self.dim).zip(hashes).for_each(|(row, hash)| self.offer(*hash, row));
    }

    pub(super) fn merge(&mut self, other: &Self) {
        other.rows.iter().for_each(|(hash, slot)| self.offer(*hash, other.row(*slot)));
    }

    /// Adds a row whose hash is within the limit.
    fn offer(&mut self, hash: u64, row: &[f32]) {
        if hash > self.limit {
            return;
        }
        let slot = self.free.pop().unwrap_or_else(|| self.values.len() / self.dim);
        self.values.resize(self.values.len().max((slot + 1) * self.dim), 0.0);
        let place = self.values.get_mut(slot * self.dim..(slot + 1) * self.dim).unwrap_or_default();
        // + 0.0 turns a negative zero into zero, as in the hash.
        place.iter_mut().zip(row).for_each(|(place, x)| *place = x + 0.0);
        self.rows.push((hash, slot));
        if self.rows.len() >= 2 * self.most() {
            self.tidy();
        }
    }

    /// Drops the rows that are not in the sample.
    fn tidy(&mut self) {
        let kept = self.sorted();
        let slots: std::collections::HashSet<usize> = kept.iter().map(|(_, slot)| *slot).collect();
        self.free.extend(self.rows.iter().map(|(_, slot)| *slot).filter(|slot| !slots.contains(slot)));
        if let Some((hash, _)) = kept.get(self.most() - 1) {
            self.limit = *hash;
        }
        self.rows = kept;
    }

    /// The sample in order: hash and slot of every row, each row once.
    fn sorted(&self) -> Vec<(u64, usize)> {
        let mut rows = self.rows.clone();
        rows.sort_unstable_by(|a, b| self.order(a, b));
        rows.dedup_by(|a, b| self.order(a, b) == Ordering::Equal);
        rows.truncate(self.most());
        rows
    }

    fn order(&self, a: &(u64, usize), b: &(u64, usize)) -> Ordering {
        let bits = |slot: usize| self.row(slot).iter().map(|x| x.to_bits());
        a.0.cmp(&b.0).then_with(|| bits(a.1).cmp(bits(b.1)))
    }

    fn row(&self, slot: usize) -> &[f32] {
        self.values.get(slot * self.dim..(slot + 1) * self.dim).unwrap_or_default()
    }

    /// The rows of the sample, in order.
    pub(super) fn rows(&self) -> Vec<&[f32]> {
        self.sorted().into_iter().map(|(_, slot)| self.row(slot)).collect()
    }
}

/// Hashes the bits of a row.
fn hash(keys: &[u32], row: &[f32]) -> u64 {
    let product = |(x, key): (&f32, &u32)| u64::from((x + 0.0).to_bits()) * u64::from(*key);
    rng::mix(row.iter().zip(keys).map(product).fold(0, u64::wrapping_add))
}
