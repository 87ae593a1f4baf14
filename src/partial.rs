//! Exact sums per cluster, which threads, chunks, devices and shards report, and which merge in any order.

use crate::codebook::Codebook;
use crate::error::{ErrorKind, Result};

/// Member counts and component sums of K clusters, with the sum of the rows' squared lengths.
///
/// # Shapes
/// `counts` (K), `sums` (K, D).
///
/// # Exactness
/// Grid values are within 2^24, so i64 sums are exact for up to 2^37 rows, and so is twice a sum plus a count. Addition
/// is associative and commutative, so any split of the rows and any order of merging give the same bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    counts: Vec<u64>,
    sums: Vec<i64>,
    dim: usize,
    energy: u128,
    changed: u64,
}

impl Partial {
    /// The most rows for which sums are exact.
    pub(crate) const MAX_ROWS: u64 = 1 << 37;

    /// Makes the sums of no rows.
    pub fn new(clusters: usize, dim: usize) -> Self {
        Self { counts: vec![0; clusters], sums: vec![0; clusters * dim], dim, energy: 0, changed: 0 }
    }

    /// Makes sums that a device computed.
    pub(crate) fn from_parts(counts: Vec<u64>, sums: Vec<i64>, dim: usize) -> Self {
        Self { counts, sums, dim, energy: 0, changed: 0 }
    }

    /// Returns the same sums, for rows whose squared lengths add up to `energy` and `changed` of which changed their
    /// cluster.
    pub(crate) fn with(self, energy: u128, changed: u64) -> Self {
        Self { energy, changed, ..self }
    }

    /// Returns the same sums with this energy.
    pub(crate) fn with_energy(self, energy: u128) -> Self {
        Self { energy, ..self }
    }

    /// Returns the number of members of each cluster.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Returns the component sums, cluster by cluster.
    pub fn sums(&self) -> &[i64] {
        &self.sums
    }

    /// Returns the number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Returns the sum of the rows' squared lengths, in squared grid steps; 0 where it is not known.
    pub fn energy(&self) -> u128 {
        self.energy
    }

    /// Returns how many of the rows were in another cluster before.
    pub fn changed(&self) -> u64 {
        self.changed
    }

    /// Adds one row to cluster `k`, but not its squared length; ignores a `k` out of range.
    pub fn add(&mut self, k: usize, row: &[i32]) {
        self.add_times(k, row, 1);
    }

    /// Removes one row from cluster `k`; ignores a `k` out of range.
    pub fn remove(&mut self, k: usize, row: &[i32]) {
        self.add_times(k, row, -1);
    }

    /// Adds a row `times` times to cluster `k`, or removes it where that is negative; ignores a `k` out of range.
    pub(crate) fn add_times(&mut self, k: usize, row: &[i32], times: i64) {
        let Some(count) = self.counts.get_mut(k) else { return };
        *count = count.wrapping_add_signed(times);
        let sums = self.sums.chunks_exact_mut(self.dim).nth(k).unwrap_or_default();
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += times * i64::from(*value));
    }

    /// Takes row `of` of `deltas` (K, D) `times` times from the sum of cluster `k`, but not from its count; ignores
    /// rows and clusters out of range. Only sums that no rows have wrap around.
    pub(crate) fn subtract_times(&mut self, k: usize, deltas: &[i64], of: usize, times: u64) {
        let span = |k: usize| k.saturating_mul(self.dim)..k.saturating_add(1).saturating_mul(self.dim);
        let (delta, span) = (deltas.get(span(of)).unwrap_or_default(), span(k));
        let sums = self.sums.get_mut(span).unwrap_or_default().iter_mut();
        sums.zip(delta).for_each(|(sum, delta)| *sum = sum.wrapping_sub(delta.wrapping_mul(times as i64)));
    }

    /// Adds the sums of other rows for the same clusters.
    ///
    /// # Errors
    /// [`ErrorKind::Shape`] where the other sums have another number of clusters or dimensions, and
    /// [`ErrorKind::Overflow`] where a sum exceeds its integer. A call that fails adds nothing.
    ///
    /// ```
    /// use semid::shards::Partial;
    ///
    /// let (mut some, mut others) = (Partial::new(2, 3), Partial::new(2, 3));
    /// some.add(0, &[1, 2, 3]);
    /// others.add(0, &[2, 4, 5]);
    /// some.merge(&others)?;
    /// assert_eq!((some.counts(), &some.sums()[..3]), (&[2, 0][..], &[3, 6, 8][..]));
    /// assert!(some.merge(&Partial::new(2, 4)).is_err());
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn merge(&mut self, other: &Self) -> Result<()> {
        let shape = |partial: &Self| (partial.counts.len(), partial.dim);
        if shape(self) != shape(other) {
            let (found, expected) = (shape(other), shape(self));
            return Err(ErrorKind::Shape { what: "sums per cluster", found, expected }.into());
        }
        // Sums stay within half of the range of i64, because `centroid` doubles them.
        let fits = self.counts.iter().chain(&other.counts).fold(0_u64, |all, n| all.saturating_add(*n))
            <= Self::MAX_ROWS
            && self.sums.iter().zip(&other.sums).all(|(a, b)| a.saturating_add(*b).unsigned_abs() <= 1 << 61);
        let totals = self.energy.checked_add(other.energy).zip(self.changed.checked_add(other.changed));
        let Some((energy, changed)) = totals.filter(|_| fits) else {
            return Err(ErrorKind::Overflow { what: "sums per cluster" }.into());
        };
        (self.energy, self.changed) = (energy, changed);
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
        Ok(())
    }

    /// Returns the mean of cluster `k`, rounded half up, `floor((2 sum + n) / (2 n))`; none where it has no members.
    pub fn centroid(&self, k: usize) -> Option<impl Iterator<Item = i32>> {
        let count = i64::try_from(*self.counts.get(k)?).ok().filter(|count| *count > 0)?;
        let sums = self.sums.chunks_exact(self.dim).nth(k)?;
        Some(sums.iter().map(move |sum| (2 * sum + count).div_euclid(2 * count) as i32))
    }

    /// Returns the exact squared error of the rows summed here against `codebook`: `energy - 2 sum_k c_k . s_k + sum_k
    /// n_k |c_k|^2`.
    pub(crate) fn squared_error(&self, codebook: &Codebook) -> u128 {
        let mut error = self.energy as i128;
        let codewords = codebook.values().chunks_exact(self.dim);
        for ((codeword, sums), count) in codewords.zip(self.sums.chunks_exact(self.dim)).zip(&self.counts) {
            for (c, sum) in codeword.iter().zip(sums) {
                let c = i128::from(*c);
                error += c * (i128::from(*count) * c - 2 * i128::from(*sum));
            }
        }
        error as u128
    }
}
