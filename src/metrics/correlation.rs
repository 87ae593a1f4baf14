//! Computes Spearman's rank correlation between distances of rows and distances of their IDs.

use super::estimate::Estimate;
use super::points::Points;
use crate::device::Device;
use crate::error::{Result, try_collect, try_zeros};
use crate::kernel::assign::squared_distance;
use crate::rng::Stream;

/// Pairs of different rows.
pub(super) struct Pairs {
    pub(super) rows: Vec<(usize, usize)>,
    /// Number of all possible pairs.
    population: u64,
}

impl Pairs {
    /// Takes all pairs of `rows` rows if there are at most `most`, otherwise draws `most` pairs independently.
    ///
    /// # Errors
    /// Returns [`OutOfMemory`](crate::ErrorKind::OutOfMemory).
    pub(super) fn new(rows: usize, most: usize, seed: u64) -> Result<Self> {
        let population = (rows as u64).saturating_mul((rows as u64).saturating_sub(1)) / 2;
        if population <= most as u64 {
            let rows = (0..rows).flat_map(|a| (a + 1..rows).map(move |b| (a, b)));
            return Ok(Self { rows: try_collect(rows, PAIRS)?, population });
        }
        let mut stream = Stream::new("pairs", seed, 0, 0);
        let mut draw = |bound: usize| stream.below(bound as u128) as usize;
        let pair = |_| {
            let (a, b) = (draw(rows), draw(rows - 1));
            (a, b + usize::from(b >= a))
        };
        Ok(Self { rows: try_collect((0..most).map(pair), PAIRS)?, population })
    }

    /// Returns the squared distance on the grid between the rows of each pair; `place` gives the place of a row in
    /// `points`.
    pub(super) fn distances(
        &self,
        points: &Points<'_>,
        device: &Device,
        place: impl Fn(usize) -> usize,
    ) -> Result<Vec<u64>> {
        let point = |row| points.of_row.get(place(row)).copied().unwrap_or(0);
        let pairs = try_collect(self.rows.iter().map(|(a, b)| (point(*a), point(*b))), PAIRS)?;
        let chosen = try_collect(pairs.iter().flat_map(|(a, b)| [*a, *b]), PAIRS)?;
        let values = points.values(chosen, "the rows of pairs", device)?;
        try_collect(pairs.iter().map(|(a, b)| squared_distance(values.of(*a), values.of(*b))), DISTANCES)
    }

    /// Returns the correlation of two distances of every pair; none where one of them does not vary.
    pub(super) fn correlation(&self, a: &[u64], b: &[u64]) -> Result<Option<Estimate>> {
        let estimate = |value| Estimate::rank_correlation(value, self.rows.len() as u64, self.population);
        Ok(spearman(a, b)?.map(estimate))
    }
}

/// What the memory of pairs and of their distances is for.
const PAIRS: &str = "pairs of rows";
pub(super) const DISTANCES: &str = "distances of pairs";

/// Returns Spearman's rank correlation, with equal values given the mean of their ranks; none where one list does not
/// vary.
///
/// # Exactness
/// Computes Pearson's correlation of the ranks. Twice a rank less twice the mean rank is an integer, and so are the
/// sums of products: only the last quotient and root are rounded.
pub(super) fn spearman(a: &[u64], b: &[u64]) -> Result<Option<f64>> {
    let (a, b) = (ranks(a)?, ranks(b)?);
    let sum = |a: &[i64], b: &[i64]| a.iter().zip(b).map(|(a, b)| i128::from(*a) * i128::from(*b)).sum::<i128>() as f64;
    let scale = (sum(&a, &a) * sum(&b, &b)).sqrt();
    Ok((scale > 0.0).then(|| (sum(&a, &b) / scale).clamp(-1.0, 1.0)))
}

/// Returns twice the rank of every value less twice the mean rank.
fn ranks(values: &[u64]) -> Result<Vec<i64>> {
    let mut order: Vec<(u64, usize)> = try_collect(values.iter().copied().zip(0..), "ranks of distances")?;
    order.sort_unstable();
    let mut ranks = try_zeros(values.len(), "ranks of distances")?;
    let (mut before, count) = (0, values.len() as i64);
    for group in order.chunk_by(|a, b| a.0 == b.0) {
        let tied = group.len() as i64;
        for (_, at) in group {
            // The tied values have the ranks before + 1 to before + tied.
            ranks.iter_mut().skip(*at).take(1).for_each(|rank| *rank = 2 * before + tied + 1 - (count + 1));
        }
        before += tied;
    }
    Ok(ranks)
}
