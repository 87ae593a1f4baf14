//! Sums of rows by their codes, which are brought up to date where codes change.

use super::Pool;
use super::sums::{self, Changes};
use super::unit::Unit;
use crate::device::NO_CODE;
use crate::error::{Result, try_vec, try_zeros};
use crate::partial::Partial;

/// Sums and counts by the codes for which they were computed.
pub(super) struct KnownSums {
    dim: usize,
    codes: Vec<u32>,
    counts: Vec<u64>,
    sums: Vec<i64>,
}

impl KnownSums {
    /// The sums of rows without codes.
    pub(super) fn new(rows: usize, dim: usize, clusters: usize) -> Result<Self> {
        Ok(Self {
            dim,
            codes: try_vec(NO_CODE, rows, "codes")?,
            counts: try_zeros(clusters, "counts")?,
            sums: try_zeros(clusters.saturating_mul(dim), "sums")?,
        })
    }

    pub(super) fn clusters(&self) -> usize {
        self.counts.len()
    }

    /// Adds and takes away the rows whose codes have changed.
    pub(super) fn update(&mut self, pool: &Pool, unit: Unit, rows: &[f32], codes: &[u32]) -> Result<()> {
        let changes = Changes::between(&self.codes, codes, self.clusters())?;
        let sums = (&mut self.sums[..], &mut self.counts[..]);
        pool.run(|| sums::apply(unit, rows, self.dim, &changes, sums));
        self.codes.copy_from_slice(codes);
        Ok(())
    }

    pub(super) fn partial(&self) -> Partial {
        Partial::from_parts(self.counts.clone(), self.sums.clone(), self.dim)
    }
}
