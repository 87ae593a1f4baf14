//! Reductions over the rows of one table.

use super::request::FarRow;
use super::weighted::Weighted;
use crate::codebook::Codebook;
use crate::device::Table;
use crate::error::{Result, try_vec, try_zeros};
use crate::partial::Partial;
use crate::weights::Weights;
use std::collections::BinaryHeap;

/// Returns the sum of the rows' squared lengths, which are their squared distances from the origin. Rows count as often
/// as `weights` say, or once.
pub(crate) fn energy(table: &mut dyn Table, weights: Option<&Weights>) -> Result<u128> {
    let unbounded = try_vec(u64::MAX, table.rows(), "squared lengths")?;
    let lengths = table.min_distances(&vec![0; table.dim()], &unbounded)?;
    let times = |row| weights.map_or(1, |weights| u128::from(weights.of(row)));
    Ok(lengths.iter().enumerate().map(|(row, length)| u128::from(*length) * times(row)).sum())
}

/// Gives the rows of a table codes below `clusters`, and sums them by these. Rows count as often as `weights` say, or
/// once.
pub(crate) fn sums(
    table: &mut dyn Table,
    codes: &[u32],
    clusters: usize,
    weights: Option<&Weights>,
) -> Result<Partial> {
    table.set_codes(codes)?;
    match weights {
        Some(weights) => Weighted::new(weights.clone()).sums(table, codes, clusters),
        None => table.sums(clusters),
    }
}

/// Returns the `count` rows farthest from the codewords of their codes: farthest first, the lowest row on a tie. It
/// leaves out rows that equal their codewords.
pub(crate) fn farthest(table: &mut dyn Table, codebook: &Codebook, count: usize) -> Result<Vec<FarRow>> {
    let distances = table.assigned_distances(codebook)?;
    let mut codes = try_zeros(table.rows(), "codes")?;
    table.codes(&mut codes)?;
    let rows = (0..).zip(distances).zip(codes).map(|((place, distance), code)| FarRow { distance, place, code });
    Ok(first(rows.filter(|row| row.distance > 0), count))
}

/// Replaces the place of every row by its numbers, of which it has as many as it counts; returns the first `count`.
pub(super) fn numbered(far: Vec<FarRow>, weights: &Weights, count: usize) -> Vec<FarRow> {
    let copies = |row: FarRow| {
        let place = usize::try_from(row.place).unwrap_or(usize::MAX);
        weights.numbers(place..place.saturating_add(1)).map(move |place| FarRow { place, ..row })
    };
    far.into_iter().flat_map(copies).take(count).collect()
}

/// Returns the first `count` rows in the order from the farthest to the nearest.
fn first(rows: impl Iterator<Item = FarRow>, count: usize) -> Vec<FarRow> {
    let mut found: BinaryHeap<RankedRow> = BinaryHeap::new();
    for row in rows.map(RankedRow) {
        if found.len() < count {
            found.push(row);
        } else if let Some(mut last) = found.peek_mut().filter(|last| row < **last) {
            *last = row;
        }
    }
    found.into_sorted_vec().into_iter().map(|row| row.0).collect()
}

/// A row, ordered such that the greatest comes last in the answer.
#[derive(PartialEq, Eq)]
struct RankedRow(FarRow);

impl Ord for RankedRow {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.order().cmp(&other.0.order())
    }
}

impl PartialOrd for RankedRow {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
