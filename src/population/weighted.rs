//! Sums of rows that count more or less often.

use crate::device::Table;
use crate::error::{Result, try_vec};
use crate::partial::Partial;
use crate::weights::Weights;

/// Values of rows that are taken from a device at a time.
const VALUES: usize = 1 << 20;

/// The weights of a table's rows, and the sums of the rows by their codes.
///
/// # Exactness
/// Weights add up to at most 2^37 and values are within 2^24, so sums stay within 2^61, as those of 2^37 rows do.
/// The device takes no part in them: it gives codes and rows.
pub(super) struct Weighted {
    weights: Weights,
    /// The latest sums, and the codes by which rows were summed.
    sums: Option<(Vec<u32>, Partial)>,
}

impl Weighted {
    pub(super) fn new(weights: Weights) -> Self {
        Self { weights, sums: None }
    }

    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Forgets the sums, because the rows change.
    pub(super) fn forget(&mut self) {
        self.sums = None;
    }

    /// Returns the weight of the rows whose codes differ.
    pub(super) fn changed(&self, before: &[u32], now: &[u32]) -> u64 {
        let pairs = before.iter().zip(now).enumerate();
        pairs.filter(|(_, (before, now))| before != now).map(|(row, _)| self.weights.of(row)).sum()
    }

    /// Returns the sums of the table's rows by `codes`, which are below `clusters`. Only rows whose codes have changed
    /// since the last call are taken from the device.
    pub(super) fn sums(&mut self, table: &mut dyn Table, codes: &[u32], clusters: usize) -> Result<Partial> {
        let (mut known, mut partial) = match self.sums.take().filter(|(_, sums)| sums.counts().len() == clusters) {
            Some(known) => known,
            None => (try_vec(u32::MAX, codes.len(), "codes")?, Partial::new(clusters, table.dim())),
        };
        let changed: Vec<usize> = (0..codes.len()).filter(|row| known.get(*row) != codes.get(*row)).collect();
        for rows in changed.chunks((VALUES / table.dim().max(1)).max(1)) {
            let values = table.gather(rows)?;
            for (row, values) in rows.iter().zip(values.chunks_exact(table.dim())) {
                let weight = self.weights.of(*row) as i64;
                let of = |codes: &[u32]| codes.get(*row).map_or(usize::MAX, |code| *code as usize);
                // A row that had no code counts as one with a code beyond all clusters, where nothing is added.
                partial.add_times(of(&known), values, -weight);
                partial.add_times(of(codes), values, weight);
            }
        }
        known.copy_from_slice(codes);
        self.sums = Some((known, partial.clone()));
        Ok(partial)
    }
}
