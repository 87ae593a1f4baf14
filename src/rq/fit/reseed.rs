//! Clusters without rows are given far ones.

use crate::codebook::Codebook;
use crate::error::Result;
use crate::partial::Partial;
use crate::population::{Ask, FarRow, Residuals};
use std::sync::Arc;

/// A row that moves to an empty cluster.
struct Gift {
    row: u64,
    from: usize,
    to: usize,
}

/// Gives every cluster of `sums` without rows one of the rows farthest from their nearest codewords; returns how many
/// rows were given.
pub(super) fn refill(
    rows: &mut Residuals<'_>,
    codebook: &Arc<Codebook>,
    sums: &mut Partial,
    ask: Ask<'_>,
) -> Result<u64> {
    if !has_empty(sums) {
        return Ok(0);
    }
    let far = rows.farthest(codebook, codebook.clusters(), ask)?;
    refill_from(sums, &far, |far| rows.gather(far, ask))
}

/// Gives every cluster of `sums` without rows one of the `far` rows, whose values `gather` reads; returns how many rows
/// were given.
pub(super) fn refill_from(
    sums: &mut Partial,
    far: &[FarRow],
    gather: impl FnOnce(&[u64]) -> Result<Vec<i32>>,
) -> Result<u64> {
    let gifts = gifts(&empty(sums), far, sums);
    let values = gather(&gifts.iter().map(|gift| gift.row).collect::<Vec<_>>())?;
    for (gift, values) in gifts.iter().zip(values.chunks_exact(sums.dim())) {
        sums.remove(gift.from, values);
        sums.add(gift.to, values);
    }
    Ok(gifts.len() as u64)
}

/// Returns whether a cluster has no rows.
pub(super) fn has_empty(sums: &Partial) -> bool {
    sums.counts().contains(&0)
}

/// Clusters without rows, ascending.
fn empty(partial: &Partial) -> Vec<usize> {
    (0..partial.counts().len()).filter(|k| partial.counts().get(*k) == Some(&0)).collect()
}

/// Gives every empty cluster, in ascending order, the farthest row that is left, out of a cluster that keeps at least
/// one more; stops when there is none.
///
/// # Exactness
/// `far` has to hold as many rows as there are clusters, if there are as many: a row is passed over only as the last
/// one of its cluster, and no cluster has two last rows.
fn gifts(empty: &[usize], far: &[FarRow], partial: &Partial) -> Vec<Gift> {
    let mut counts = partial.counts().to_vec();
    let mut far = far.iter();
    let mut gift = |to: usize| {
        let giver = |row: &&FarRow| counts.get(row.code as usize).is_some_and(|count| *count > 1);
        let (row, from) = far.find(giver).map(|row| (row.place, row.code as usize))?;
        let change = |counts: &mut [u64], k: usize, count: fn(u64) -> u64| {
            if let Some(old) = counts.get_mut(k) {
                *old = count(*old);
            }
        };
        change(&mut counts, from, |count| count - 1);
        change(&mut counts, to, |count| count + 1);
        Some(Gift { row, from, to })
    };
    empty.iter().map_while(|to| gift(*to)).collect()
}
