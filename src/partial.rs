//! Exact partial sums per cluster: the unit in which threads, chunks, devices and shards report, merged in any order.

use crate::codebook::Codebook;

/// Member counts and component sums of K clusters.
///
/// # Shapes
/// `counts` (K), `sums` (K, D).
///
/// # Exactness
/// Grid values are within 2^24, so i64 sums are exact for up to 2^38 rows; addition is associative and commutative,
/// so any split of the rows and any order of merging give the same bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Partial {
    counts: Vec<u64>,
    sums: Vec<i64>,
    dim: usize,
}

impl Partial {
    /// Sums of no rows.
    pub fn new(clusters: usize, dim: usize) -> Self {
        Self { counts: vec![0; clusters], sums: vec![0; clusters * dim], dim }
    }

    /// Takes sums that a device computed.
    pub(crate) fn from_parts(counts: Vec<u64>, sums: Vec<i64>, dim: usize) -> Self {
        Self { counts, sums, dim }
    }

    /// Members per cluster.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Component sums, cluster by cluster.
    pub fn sums(&self) -> &[i64] {
        &self.sums
    }

    /// Number of dimensions, D.
    pub fn dim(&self) -> usize {
        self.dim
    }

    /// Adds one row to cluster `k`; a `k` out of range is ignored.
    pub fn add(&mut self, k: usize, row: &[i32]) {
        self.change(k, row, 1);
    }

    /// Takes one row out of cluster `k`; a `k` out of range is ignored.
    pub fn remove(&mut self, k: usize, row: &[i32]) {
        self.change(k, row, -1);
    }

    fn change(&mut self, k: usize, row: &[i32], sign: i64) {
        let Some(count) = self.counts.get_mut(k) else { return };
        *count = count.wrapping_add_signed(sign);
        let sums = self.sums.chunks_exact_mut(self.dim).nth(k).unwrap_or_default();
        sums.iter_mut().zip(row).for_each(|(sum, value)| *sum += sign * i64::from(*value));
    }

    /// Adds the sums of other rows over the same clusters.
    pub fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
    }

    /// The rounded mean of cluster `k` - `floor((2 sum + n) / (2 n))` - or `None` where it has no members.
    pub fn centroid(&self, k: usize) -> Option<impl Iterator<Item = i32>> {
        let count = i64::try_from(*self.counts.get(k)?).ok().filter(|count| *count > 0)?;
        let sums = self.sums.chunks_exact(self.dim).nth(k)?;
        Some(sums.iter().map(move |sum| (2 * sum + count).div_euclid(2 * count) as i32))
    }

    /// Exact squared error of the rows summed here against `codebook`, given the sum of their squared lengths:
    /// `energy - 2 sum_k c_k . s_k + sum_k n_k |c_k|^2`.
    pub(crate) fn squared_error(&self, energy: u128, codebook: &Codebook) -> u128 {
        let mut error = energy as i128;
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
