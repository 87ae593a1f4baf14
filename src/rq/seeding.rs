//! The first codewords of a level.

use super::params::{Init, RqKMeans};
use crate::codebook::Codebook;
use crate::device::{Engine, Table};
use crate::error::Result;
use crate::rng::{self, Stream};
use std::collections::HashSet;

/// Chooses `clusters` first codewords among the rows of `table`.
///
/// # Exactness
/// Distances are exact integers and draws are integers below their exact sum, so every device chooses the same rows.
pub(super) fn seed(
    params: &RqKMeans,
    engine: &dyn Engine,
    table: &mut dyn Table,
    clusters: usize,
    (level, run): (usize, usize),
) -> Result<Codebook> {
    let seed = Stream::new("rows", params.seed, level, run).next_u64();
    let values = match params.init {
        Init::Random => distinct_rows(table, clusters, seed)?,
        Init::KMeansPlusPlus => {
            let rows = params.seeding_rows(clusters, table.rows());
            let mut stream = Stream::new("k-means++", params.seed, level, run);
            match rows == table.rows() {
                true => plus_plus(table, clusters, &mut stream)?,
                false => {
                    let sample = rng::sample(seed, table.rows(), rows);
                    let mut part = engine.table(rows, table.dim())?;
                    part.upload(0, &table.gather(&sample)?)?;
                    plus_plus(&mut *part, clusters, &mut stream)?
                }
            }
        }
    };
    Ok(Codebook::new(values, table.dim()))
}

/// The first `clusters` rows with distinct values in the order of their hash; where there are not as many, rows are
/// repeated and their clusters stay empty.
fn distinct_rows(table: &mut dyn Table, clusters: usize, seed: u64) -> Result<Vec<i32>> {
    let (rows, dim) = (table.rows(), table.dim());
    let mut count = clusters;
    loop {
        let mut order = rng::sample(seed, rows, count);
        order.sort_unstable_by_key(|row| (rng::row_hash(seed, *row as u64), *row));
        let values = table.gather(&order)?;
        let mut seen = HashSet::new();
        let (distinct, repeated): (Vec<&[i32]>, Vec<&[i32]>) =
            values.chunks_exact(dim).partition(|row| seen.insert(*row));
        if distinct.len() >= clusters || count >= rows {
            return Ok(distinct.into_iter().chain(repeated).take(clusters).flatten().copied().collect());
        }
        count = count.saturating_mul(4).min(rows);
    }
}

/// Greedy k-means++ over all rows of `table`.
///
/// The first codeword is a uniform row. For each further one `2 + floor(ln K)` candidates are drawn, each row with
/// probability proportional to its squared distance from the codewords so far; the candidate that leaves the
/// smallest sum of squared distances is taken, the first drawn on a tie. When every row coincides with a codeword,
/// the rest are uniform rows.
///
/// # References
/// D. Arthur, S. Vassilvitskii, k-means++, SODA 2007 (section 8 mentions several candidates per draw).
fn plus_plus(table: &mut dyn Table, clusters: usize, stream: &mut Stream) -> Result<Vec<i32>> {
    let (rows, dim) = (table.rows(), table.dim());
    let uniform = |stream: &mut Stream| stream.below(rows as u128) as usize;
    let candidates = 2 + floor_ln(clusters);
    let mut chosen = Vec::with_capacity(clusters);
    chosen.push(uniform(stream));
    let first = table.gather(&chosen)?;
    let mut closest = table.closer(&first, &vec![u64::MAX; rows])?;
    let mut values = first;
    while chosen.len() < clusters {
        let cumulative = cumulative(&closest);
        let total = cumulative.last().copied().unwrap_or(0);
        if total == 0 {
            let rest: Vec<usize> = (chosen.len()..clusters).map(|_| uniform(stream)).collect();
            values.extend(table.gather(&rest)?);
            break;
        }
        let drawn: Vec<usize> = (0..candidates)
            .map(|_| {
                let draw = stream.below(total);
                cumulative.partition_point(|sum| *sum <= draw)
            })
            .collect();
        let points = table.gather(&drawn)?;
        let distances = table.closer(&points, &closest)?;
        let potential = |part: &[u64]| part.iter().map(|distance| u128::from(*distance)).sum::<u128>();
        let best = distances.chunks_exact(rows).enumerate().min_by_key(|(_, part)| potential(part));
        if let Some((index, part)) = best {
            closest.copy_from_slice(part);
            values.extend(points.chunks_exact(dim).nth(index).unwrap_or_default());
            chosen.extend(drawn.get(index));
        }
    }
    Ok(values)
}

fn cumulative(weights: &[u64]) -> Vec<u128> {
    let running = |sum: &mut u128, weight: &u64| {
        *sum += u128::from(*weight);
        Some(*sum)
    };
    weights.iter().scan(0, running).collect()
}

/// floor(ln k), from the smallest integers above e, e^2, ...: no logarithm of the platform is involved.
fn floor_ln(k: usize) -> usize {
    const POWERS: [usize; 11] = [3, 8, 21, 55, 149, 404, 1097, 2981, 8104, 22_027, 59_875];
    POWERS.iter().filter(|power| k >= **power).count()
}
