//! The first codewords of a level.

use crate::codebook::Codebook;
use crate::device::{Purpose, Table};
use crate::error::{Result, try_vec};
use crate::population::{Ask, Residuals};
use crate::rng::{self, Draws, Sample, Stream};
use crate::rq::fit::hierarchy;
use crate::rq::params::{Algorithm, Init, RqKMeans};
use std::collections::HashSet;
use std::sync::Arc;

/// Chooses `clusters` first codewords among the rows.
///
/// # Exactness
/// Distances are exact integers and draws are integers below their exact sum, so every device and every division of the
/// rows chooses the same ones.
pub(super) fn seed(
    params: &RqKMeans,
    rows: &mut Residuals<'_>,
    clusters: usize,
    (level, run): (usize, usize),
    ask: Ask<'_>,
) -> Result<Codebook> {
    let seed = Stream::new("rows", params.seed, level, run).next_u64();
    let dim = rows.dim();
    let values = match init(params) {
        Init::Hierarchical => return hierarchy::codewords(params, rows, clusters, (level, run), ask),
        Init::Random => distinct_rows(rows, clusters, seed, ask)?,
        Init::KMeansPlusPlus => {
            let mut stream = Stream::new("k-means++", params.seed, level, run);
            if rows.rows() <= DIRECT * clusters {
                direct(rows, clusters, &mut stream, ask)?
            } else {
                let (candidates, weights) = oversample(rows, clusters, &mut stream, ask)?;
                let mut few = rows.device().engine().table(weights.len(), dim, Purpose::Encode)?;
                few.upload(0, candidates.values())?;
                plus_plus(&mut *few, &weights, clusters, &mut stream, ask)?
            }
        }
    };
    Ok(Codebook::new(values, dim))
}

/// How the first codewords of a level are chosen.
fn init(params: &RqKMeans) -> Init {
    match params.algorithm {
        Algorithm::Hierarchical(_) => Init::Hierarchical,
        Algorithm::Lloyd | Algorithm::MiniBatch(_) => params.init,
    }
}

/// Returns the rows per cluster among which the first codewords are chosen at most, in a table of their own.
pub(super) fn candidates(params: &RqKMeans) -> usize {
    if init(params) == Init::Hierarchical { hierarchy::ROWS } else { DIRECT }
}

/// The first `clusters` rows with distinct values in the order of their hash; where there are not as many, rows are
/// repeated and their clusters stay empty.
fn distinct_rows(rows: &mut Residuals<'_>, clusters: usize, seed: u64, ask: Ask<'_>) -> Result<Vec<i32>> {
    let (len, dim) = (rows.rows(), rows.dim());
    let mut count = clusters;
    loop {
        let sample = Sample::new(seed, len, count);
        let mut order: Vec<u64> = (0..len as u64).filter(|row| sample.holds(*row)).collect();
        order.sort_unstable_by_key(|row| (rng::row_hash(seed, *row), *row));
        let values = rows.gather(&order, ask)?;
        let mut seen = HashSet::new();
        let (distinct, repeated): (Vec<&[i32]>, Vec<&[i32]>) =
            values.chunks_exact(dim).partition(|row| seen.insert(*row));
        if distinct.len() >= clusters || count >= len {
            return Ok(distinct.into_iter().chain(repeated).take(clusters).flatten().copied().collect());
        }
        count = count.saturating_mul(4).min(len);
    }
}

/// Greedy k-means++ over all rows, which are few: [`DIRECT`] times the clusters at most.
///
/// Where they are not in one table already, all of them are copied into one. So few rows take no more memory than
/// [`DIRECT`] codebooks, whatever N is (the candidates of [`oversample`] take nearly as much), and a fit counts them
/// among what it needs besides its shards. Drawing by reductions would ask every shard once per codeword and candidate.
fn direct(rows: &mut Residuals<'_>, clusters: usize, stream: &mut Stream, ask: Ask<'_>) -> Result<Vec<i32>> {
    let weights = vec![1; rows.rows()];
    if let Some(table) = rows.table(ask)? {
        return plus_plus(table, &weights, clusters, stream, ask);
    }
    let all: Vec<u64> = (0..rows.rows() as u64).collect();
    match rows.copy(&all, Purpose::Encode, ask)?.table(ask)? {
        Some(table) => plus_plus(table, &weights, clusters, stream, ask),
        None => Ok(Vec::new()),
    }
}

/// Rows per cluster up to which k-means++ runs over all rows.
const DIRECT: usize = 16;
/// Rounds of oversampling, each of as many draws as there are clusters.
const ROUNDS: usize = 3;
/// Rounds at most, where every round after the third still halves the sum of the squared distances.
const ROUNDS_MAX: usize = 12;

/// Candidates for the first codewords, and how many rows are nearest to each.
///
/// The first candidate is a uniform row. In every round K rows are drawn with replacement, with probability
/// proportional to their squared distance from the candidates of the rounds before; each row drawn becomes a candidate
/// once. There are [`ROUNDS`] rounds, and then more of them as long as the round before at least halved the sum of
/// these distances, up to [`ROUNDS_MAX`] in all: the far rows of heavy tails take all draws of the first rounds. A row
/// counts for the first of its nearest candidates.
///
/// # References
/// B. Bahmani et al., Scalable K-Means++, VLDB 2012.
fn oversample(
    rows: &mut Residuals<'_>,
    clusters: usize,
    stream: &mut Stream,
    ask: Ask<'_>,
) -> Result<(Arc<Codebook>, Vec<u64>)> {
    let dim = rows.dim();
    let mut candidates = Vec::new();
    let mut drawn = vec![stream.below(rows.rows() as u128) as u64];
    let mut before = u128::MAX;
    for round in 0..=ROUNDS_MAX {
        ask()?;
        candidates.extend(rows.gather(&drawn, ask)?);
        let points = Arc::new(Codebook::new(candidates.clone(), dim));
        let potentials = rows.potentials(&points, ask)?;
        let total: u128 = potentials.iter().sum();
        let halved = total <= before / 2;
        if total == 0 || round == ROUNDS_MAX || (round >= ROUNDS && !halved) {
            break;
        }
        before = total;
        let values: Vec<u128> = (0..clusters).map(|_| stream.below(total)).collect();
        drawn = rows.draw(&points, &potentials, &values, ask)?;
        drawn.sort_unstable();
        drawn.dedup();
    }
    let candidates = Arc::new(Codebook::new(candidates, dim));
    let weights = rows.weights(&candidates, ask)?;
    Ok((candidates, weights))
}

/// Greedy k-means++ over the rows of `table`, row i counting `weights[i]` times.
///
/// The first codeword is a row drawn by weight. For each further one `2 + floor(ln K)` candidates are drawn, each row
/// with probability proportional to its weight times its squared distance from the codewords so far; the candidate
/// that leaves the smallest weighted sum of squared distances is taken, the first drawn on a tie. When every row
/// coincides with a codeword, the rest are drawn by weight.
///
/// # References
/// D. Arthur, S. Vassilvitskii, k-means++, SODA 2007 (section 8 mentions several candidates per draw).
fn plus_plus(
    table: &mut dyn Table,
    weights: &[u64],
    clusters: usize,
    stream: &mut Stream,
    ask: Ask<'_>,
) -> Result<Vec<i32>> {
    let rows = table.rows();
    let weight = |row: usize| weights.get(row).map_or(0, |weight| u128::from(*weight));
    let by_weight = Draws::new(rows, &weight);
    let candidates = 2 + floor_ln(clusters);
    let pairs = if rows <= ALL_PAIRS { all_pairs(table, ask)? } else { Vec::new() };
    let first = by_weight.draw(stream);
    let unbounded = try_vec(u64::MAX, rows, "seeding distances")?;
    let mut closest = distances_of(table, &pairs, &[first], &unbounded)?;
    // Rows, which are gathered together at the end: a device then answers once and not once per codeword.
    let mut chosen = vec![first];
    while chosen.len() < clusters {
        ask()?;
        let potential = |row: usize| closest.get(row).map_or(0, |distance| u128::from(*distance)) * weight(row);
        let draws = Draws::new(rows, &potential);
        if draws.total() == 0 {
            chosen.resize_with(clusters, || by_weight.draw(stream));
            break;
        }
        let drawn: Vec<usize> = (0..candidates).map(|_| draws.draw(stream)).collect();
        let distances = distances_of(table, &pairs, &drawn, &closest)?;
        let weighted = |(distance, weight): (&u64, &u64)| u128::from(*distance) * u128::from(*weight);
        let left = |part: &[u64]| part.iter().zip(weights).map(weighted).sum::<u128>();
        let best = distances.chunks_exact(rows).zip(&drawn).min_by_key(|(part, _)| left(part));
        if let Some((part, row)) = best {
            closest.copy_from_slice(part);
            chosen.push(*row);
        }
    }
    table.gather(&chosen)
}

/// Rows up to which all distances between them are computed at once, which spares a call of the device per codeword.
const ALL_PAIRS: usize = 2048;
/// Points of one such call.
const POINTS: usize = 64;

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

/// Returns what `Table::min_distances` gives for the points `drawn` among the rows; takes it from all pairs where these
/// are known.
fn distances_of(table: &mut dyn Table, pairs: &[u64], drawn: &[usize], closest: &[u64]) -> Result<Vec<u64>> {
    if pairs.is_empty() {
        let points = table.gather(drawn)?;
        return table.min_distances(&points, closest);
    }
    let of = |point: &usize| pairs.chunks_exact(closest.len()).nth(*point).unwrap_or_default().iter().zip(closest);
    Ok(drawn.iter().flat_map(of).map(|(distance, closest)| *distance.min(closest)).collect())
}

/// floor(ln k), from the smallest integers above e, e^2, ...: no logarithm of the platform is involved.
fn floor_ln(k: usize) -> usize {
    const POWERS: [usize; 11] = [3, 8, 21, 55, 149, 404, 1097, 2981, 8104, 22_027, 59_875];
    POWERS.iter().filter(|power| k >= **power).count()
}

#[cfg(test)]
mod tests;
