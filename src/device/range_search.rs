//! Priced distances below a limit by seeding distances, for engines without a kernel of their own.

use super::Table;
use crate::codebook::Codebook;
use crate::error::Result;
use crate::kernel::range_search::RangeMatches;

/// Distances computed at a time.
const DISTANCES: usize = 1 << 22;

/// The kernel of the same name, by [`Table::min_distances`].
///
/// # Exactness
/// `min_distances` gives exact distances below its bound, which is for each row the most that a distance may be below
/// the row's limit at the least of the prices.
pub(super) fn range_search(
    table: &mut dyn Table,
    codebook: &Codebook,
    prices: &[i128],
    limits: &[i128],
) -> Result<RangeMatches> {
    let dim = table.dim();
    let step = (DISTANCES / limits.len().max(1)).clamp(1, 64);
    let mut lists: Vec<Vec<(u32, u64)>> = vec![Vec::new(); limits.len()];
    for (batch, (points, prices)) in codebook.values().chunks(step * dim).zip(prices.chunks(step)).enumerate() {
        let least = prices.iter().copied().min().unwrap_or(0);
        let bounds: Vec<u64> = limits.iter().map(|limit| (limit - least).clamp(0, u64::MAX.into()) as u64).collect();
        let distances = table.min_distances(points, &bounds)?;
        for (p, (distances, price)) in distances.chunks_exact(limits.len().max(1)).zip(prices).enumerate() {
            for ((distance, limit), list) in distances.iter().zip(limits).zip(&mut lists) {
                if i128::from(*distance) + price < *limit {
                    list.push(((batch * step + p) as u32, *distance));
                }
            }
        }
    }
    let mut near = RangeMatches::with_capacity(limits.len(), lists.iter().map(Vec::len).sum())?;
    for list in lists {
        list.into_iter().for_each(|(k, distance)| near.push(k, distance));
        near.end_row();
    }
    Ok(near)
}
