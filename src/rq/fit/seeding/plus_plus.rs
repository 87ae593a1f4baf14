//! Greedy k-means++ over the rows of a table.

use crate::device::{MAX_VALUES, Seeding, Table};
use crate::error::{Result, try_vec};
use crate::kernel::seed::Seed;
use crate::population::Ask;
use crate::rng::{Draws, Stream};

/// Greedy k-means++ over the rows of `table`, row i counting `weights[i]` times.
///
/// The first codeword is a row drawn by weight. For each further one `2 + floor(ln K)` candidates are drawn, each row
/// with probability proportional to its weight times its squared distance from the codewords so far; the candidate
/// that leaves the smallest weighted sum of squared distances is taken, the first drawn on a tie. When every row
/// coincides with a codeword, the rest are drawn by weight.
///
/// # References
/// D. Arthur, S. Vassilvitskii, k-means++, SODA 2007 (section 8 mentions several candidates per draw).
pub(super) fn plus_plus(
    table: &mut dyn Table,
    weights: &[u64],
    clusters: usize,
    stream: &mut Stream,
    ask: Ask<'_>,
) -> Result<Vec<i32>> {
    let weight = |row: usize| weights.get(row).map_or(0, |weight| u128::from(*weight));
    let by_weight = Draws::new(table.rows(), &weight);
    let first = by_weight.draw(stream);
    let on_device = match if table.rows() > table.all_pairs() { table.seeding(weights)? } else { None } {
        Some(mut seeding) => Some(choose(&mut *seeding, first, clusters, &by_weight, stream, ask)?),
        None => None,
    };
    let chosen = match on_device {
        Some(chosen) => chosen,
        None => choose(&mut OnHost::new(table, weights, ask)?, first, clusters, &by_weight, stream, ask)?,
    };
    // Rows are gathered together at the end: a device then answers once and not once per codeword.
    table.gather(&chosen)
}

/// Returns the rows that become codewords.
fn choose(
    seeding: &mut dyn Seeding,
    first: usize,
    clusters: usize,
    by_weight: &Draws<'_>,
    stream: &mut Stream,
    ask: Ask<'_>,
) -> Result<Vec<usize>> {
    let candidates = 2 + floor_ln(clusters);
    debug_assert!(candidates <= MAX_VALUES, "a level has at most 65,536 codewords");
    let mut last = seeding.start(first)?;
    let mut chosen = vec![first];
    while chosen.len() < clusters {
        ask()?;
        if last.potential == 0 {
            chosen.resize_with(clusters, || by_weight.draw(stream));
            break;
        }
        for seed in seeding.steps(last.potential, clusters - chosen.len(), candidates, stream)? {
            chosen.push(seed.row);
            last = seed;
        }
    }
    Ok(chosen)
}

/// Points of a call for the distances of all pairs: a GPU waits once per call, and a cancellation is heard between two.
const POINTS: usize = 512;

/// The distances of the rows of a table, on the host.
struct OnHost<'a> {
    table: &'a mut dyn Table,
    weights: &'a [u64],
    closest: Vec<u64>,
    /// Squared distances (N, N) of all rows to each other, where there are few.
    pairs: Vec<u64>,
}

impl<'a> OnHost<'a> {
    fn new(table: &'a mut dyn Table, weights: &'a [u64], ask: Ask<'_>) -> Result<Self> {
        let closest = try_vec(u64::MAX, table.rows(), "seeding distances")?;
        let pairs = if table.rows() <= table.all_pairs() { all_pairs(table, ask)? } else { Vec::new() };
        Ok(Self { table, weights, closest, pairs })
    }

    /// Makes the best of the drawn rows a codeword.
    fn best_of(&mut self, drawn: &[usize]) -> Result<Seed> {
        let distances = self.distances_of(drawn)?;
        let weighted = |(distance, weight): (&u64, &u64)| u128::from(*distance) * u128::from(*weight);
        let left = |part: &[u64]| part.iter().zip(self.weights).map(weighted).sum::<u128>();
        let parts = distances.chunks_exact(self.closest.len().max(1)).zip(drawn);
        match parts.map(|(part, row)| (left(part), part, *row)).min_by_key(|(potential, _, _)| *potential) {
            Some((potential, part, row)) => {
                self.closest.copy_from_slice(part);
                Ok(Seed { row, potential })
            }
            None => Ok(Seed { row: 0, potential: 0 }),
        }
    }

    /// Returns what `Table::min_distances` gives for the points `drawn` among the rows; takes it from all pairs where
    /// these are known.
    fn distances_of(&mut self, drawn: &[usize]) -> Result<Vec<u64>> {
        let Self { table, closest, pairs, .. } = self;
        if pairs.is_empty() {
            let points = table.gather(drawn)?;
            return table.min_distances(&points, closest);
        }
        let of =
            |point: &usize| pairs.chunks_exact(closest.len()).nth(*point).unwrap_or_default().iter().zip(&*closest);
        Ok(drawn.iter().flat_map(of).map(|(distance, closest)| *distance.min(closest)).collect())
    }
}

impl Seeding for OnHost<'_> {
    fn start(&mut self, row: usize) -> Result<Seed> {
        self.best_of(&[row])
    }

    fn draw(&mut self, values: &[u128]) -> Result<Seed> {
        let drawn: Vec<usize> = {
            let potential = |row: usize| match (self.closest.get(row), self.weights.get(row)) {
                (Some(distance), Some(weight)) => u128::from(*distance) * u128::from(*weight),
                _ => 0,
            };
            let draws = Draws::new(self.closest.len(), &potential);
            values.iter().map(|value| draws.at(*value)).collect()
        };
        self.best_of(&drawn)
    }
}

/// Squared distances (N, N) of all rows to each other.
fn all_pairs(table: &mut dyn Table, ask: Ask<'_>) -> Result<Vec<u64>> {
    let rows: Vec<usize> = (0..table.rows()).collect();
    let unbounded = vec![u64::MAX; rows.len()];
    let values = table.gather(&rows)?;
    let mut pairs = Vec::new();
    for points in values.chunks(POINTS * table.dim()) {
        ask()?;
        pairs.extend(table.min_distances(points, &unbounded)?);
    }
    Ok(pairs)
}

/// floor(ln k), from the smallest integers above e, e^2, ...: no logarithm of the platform is involved.
pub(super) fn floor_ln(k: usize) -> usize {
    const POWERS: [usize; 11] = [3, 8, 21, 55, 149, 404, 1097, 2981, 8104, 22_027, 59_875];
    POWERS.iter().filter(|power| k >= **power).count()
}
