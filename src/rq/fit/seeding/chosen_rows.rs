//! Rows that are first codewords, chosen by k-means++ or at random.

use super::plus_plus::plus_plus;
use crate::codebook::Codebook;
use crate::device::Purpose;
use crate::error::Result;
use crate::population::{Ask, Residuals};
use crate::rng::{self, Sample, Stream};
use crate::rq::params::{Init, RqKMeans};
use std::collections::HashSet;
use std::sync::Arc;

/// Rows per cluster up to which k-means++ runs over all rows.
pub(super) const DIRECT: usize = 16;
/// Rows times clusters up to which it does so: its steps over more of them take longer than all the rest of a fit.
const DIRECT_PAIRS: usize = 1 << 26;
/// Rounds of oversampling, each of as many draws as there are clusters.
const ROUNDS: usize = 3;
/// Rounds at most, where every round after the third still halves the sum of the squared distances.
pub(super) const ROUNDS_MAX: usize = 12;

/// Values of the rows that are looked at together, where many rows are equal.
const TOGETHER: usize = 1 << 20;
/// Rows at most whose order is known at a time, so that nothing grows with the number of rows.
pub(super) const ORDERED: usize = 1 << 20;

/// Chooses `clusters` rows by k-means++ or, where the parameters say so, at random.
pub(super) fn chosen_rows(
    params: &RqKMeans,
    rows: &mut Residuals<'_>,
    clusters: usize,
    (level, run): (usize, usize),
    ask: Ask<'_>,
) -> Result<Codebook> {
    let seed = Stream::new("rows", params.seed, level, run).next_u64();
    let dim = rows.dim();
    let values = match params.init {
        Init::Random => distinct_rows(rows, clusters, seed, ask)?,
        Init::KMeansPlusPlus | Init::Hierarchical => {
            let mut stream = Stream::new("k-means++", params.seed, level, run);
            if is_direct(rows.rows(), clusters) {
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

/// Whether k-means++ runs over all rows, and not over candidates.
pub(super) fn is_direct(rows: usize, clusters: usize) -> bool {
    rows <= DIRECT.saturating_mul(clusters) && rows.saturating_mul(clusters) <= DIRECT_PAIRS
}

/// The first `clusters` rows with distinct values in the order of their hash; where there are not as many, rows are
/// repeated and their clusters stay empty.
pub(super) fn distinct_rows(rows: &mut Residuals<'_>, clusters: usize, seed: u64, ask: Ask<'_>) -> Result<Vec<i32>> {
    let (len, dim) = (rows.rows(), rows.dim());
    let (mut seen, mut distinct, mut repeated) = (HashSet::new(), Vec::new(), Vec::new());
    let (mut count, mut before) = (clusters, None::<Sample>);
    // Of equal rows, all may have to be looked at, and only as many as clusters are kept. Ever more of them are looked
    // at together, as a request may read all rows from files.
    let (mut together, most) = (clusters.max(1), (TOGETHER / dim.max(1)).max(clusters.max(1)));
    loop {
        let sample = Sample::new(seed, len, count);
        let is_new = |row: &u64| sample.holds(*row) && !before.is_some_and(|before| before.holds(*row));
        let mut order: Vec<u64> = (0..len as u64).filter(is_new).collect();
        order.sort_unstable_by_key(|row| (rng::row_hash(seed, *row), *row));
        let mut left = order.as_slice();
        while !left.is_empty() {
            let (part, later) = left.split_at(together.min(left.len()));
            (left, together) = (later, together.saturating_mul(2).min(most));
            for row in rows.gather(part, ask)?.chunks_exact(dim) {
                let new = seen.len() < clusters && seen.insert(row.to_vec());
                let kept = if new { &mut distinct } else { &mut repeated };
                if kept.len() < clusters * dim {
                    kept.extend_from_slice(row);
                }
            }
            if seen.len() >= clusters {
                return Ok(distinct);
            }
        }
        if count >= len {
            distinct.extend(repeated);
            distinct.truncate(clusters * dim);
            return Ok(distinct);
        }
        before = Some(sample);
        count = count.saturating_add(count.saturating_mul(3).min(ORDERED)).min(len);
    }
}

/// Greedy k-means++ over all rows, which are few, see [`is_direct`].
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
pub(super) fn oversample(
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
