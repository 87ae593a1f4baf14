//! Centroid sums without a buffer per thread: members are sorted by cluster, and each cluster is summed by one task.

use super::prefetch::prefetch;
use super::unit::Unit;
use crate::error::{Result, try_vec, try_zeros};
use rayon::prelude::*;

/// How many rows ahead of the one that is summed the processor is asked for.
const AHEAD: usize = 2;

/// Rows summed in f64 at a time: 2^28 values within 2^24 stay within 2^52 and exact.
const GROUP: usize = 1 << 28;

/// Adds `rows[row] * sign` to the sums of `cluster`, for every change.
///
/// # Shapes
/// `rows` (N, D), `sums` (K, D), `counts` (K).
pub(super) fn apply(unit: Unit, rows: &[f32], dim: usize, changes: &Changes, (sums, counts): (&mut [i64], &mut [u64])) {
    let work = sums.par_chunks_exact_mut(dim).zip(counts).enumerate();
    work.with_min_len(4).for_each_init(Vec::new, |buffer, (cluster, (sums, count))| {
        for part in changes.of(cluster).chunks(GROUP) {
            buffer.clear();
            buffer.resize(dim, 0.0);
            unit.run(AddGroup { rows, part, sums: buffer });
            sums.iter_mut().zip(&*buffer).for_each(|(sum, added)| *sum += *added as i64);
        }
        *count = changes.of(cluster).iter().fold(*count, |count, change| count.wrapping_add_signed(change.sign()));
    });
}

/// Adds a group of rows to the sums of one cluster.
struct AddGroup<'a> {
    rows: &'a [f32],
    part: &'a [Change],
    sums: &'a mut [f64],
}

impl pulp::WithSimd for AddGroup<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        let dim = self.sums.len();
        let values = |change: &Change| self.rows.get(change.row() * dim..(change.row() + 1) * dim).unwrap_or_default();
        for (i, change) in self.part.iter().enumerate() {
            // The rows are far from each other in memory.
            if let Some(later) = self.part.get(i + AHEAD) {
                prefetch(values(later));
            }
            let sign = change.sign() as f64;
            for (sum, value) in self.sums.iter_mut().zip(values(change)) {
                *sum += sign * f64::from(*value);
            }
        }
    }
}

/// A row that joins or leaves a cluster: the row number, and 1 in the lowest bit where it leaves.
#[derive(Clone, Copy, Default)]
pub(super) struct Change(u64);

impl Change {
    fn row(self) -> usize {
        (self.0 >> 1) as usize
    }

    fn sign(self) -> i64 {
        1 - 2 * (self.0 & 1) as i64
    }
}

/// Changes sorted by cluster.
pub(super) struct Changes {
    sorted: Vec<Change>,
    /// Where the changes of each cluster start, and the end.
    starts: Vec<usize>,
}

impl Changes {
    /// Returns the changes that turn sums by the codes `before` into sums by the codes `now`; codes from `clusters` on
    /// count as none.
    pub(super) fn between(before: &[u32], now: &[u32], clusters: usize) -> Result<Self> {
        let each = |visit: &mut dyn FnMut(usize, Change)| {
            for (row, (before, now)) in before.iter().zip(now).enumerate() {
                if before != now {
                    visit(*now as usize, Change((row as u64) << 1));
                    visit(*before as usize, Change((row as u64) << 1 | 1));
                }
            }
        };
        let mut starts = try_zeros::<usize>(clusters + 2, "changes")?;
        each(&mut |cluster, _| {
            // First, as two more than the number that stands for none may be too large for a `usize`.
            if cluster < clusters
                && let Some(count) = starts.get_mut(cluster + 2)
            {
                *count += 1;
            }
        });
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        let mut sorted = try_vec(Change::default(), sum, "changes")?;
        each(&mut |cluster, change| {
            if cluster < clusters
                && let Some(next) = starts.get_mut(cluster + 1)
                && let Some(place) = sorted.get_mut(*next)
            {
                *place = change;
                *next += 1;
            }
        });
        Ok(Self { sorted, starts })
    }

    fn of(&self, cluster: usize) -> &[Change] {
        let ends = self.starts.get(cluster).zip(self.starts.get(cluster + 1));
        ends.and_then(|(start, end)| self.sorted.get(*start..*end)).unwrap_or_default()
    }
}
