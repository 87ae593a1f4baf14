//! Decides which new code takes which old label.

use crate::error::Result;
use crate::transport::limited::{AllowedColumns, Edge, solve};
use rayon::prelude::*;

/// The codes of a row at some level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    /// The row's code in the new model.
    pub(super) new: u32,
    /// The row's code in the old model.
    pub(super) old: u32,
    /// Whether all codes of the levels before are already the same.
    pub(super) agrees: bool,
    /// How often the row counts.
    pub(super) times: u64,
}

/// Returns the label of each of `clusters` new codes. The labels are a permutation that lets as many agreeing rows as
/// possible keep their code and, among such permutations, as many of all rows as possible.
///
/// # Exactness
/// Only integers are used: the labels are the optimum of an assignment problem in which (new, old) weighs `(N + 1) a +
/// n` for n rows, a of them agreeing, each as often as it counts; where N is 2^31 or more, all counts are divided by a
/// power of two and rounded. Of several optima the search returns the first one that it finds, going through new codes
/// and labels in ascending order. Codes that share no row with a label get the labels left over, both in ascending
/// order.
pub(super) fn labels(mut pairs: Vec<Pair>, clusters: usize) -> Result<Vec<u32>> {
    pairs.retain(|pair| (pair.old as usize) < clusters && (pair.new as usize) < clusters);
    pairs.par_sort_unstable();
    let weights = weights(&pairs, clusters);
    let most = weights.iter().flatten().map(|(_, weight)| *weight).max().unwrap_or(0);
    // There is a place for every label, and one for every new code that takes no label yet.
    let places = solve(&vec![1; 2 * clusters], &own(&weights), &|row| Ok(edges(&weights, row, most)))?;
    let mut labels: Vec<Option<u32>> = vec![None; clusters];
    let mut free = vec![true; clusters];
    for (label, place) in labels.iter_mut().zip(places) {
        let column = place.map_or(clusters, |(column, _)| column);
        if let Some(free) = free.get_mut(column) {
            (*free, *label) = (false, Some(column as u32));
        }
    }
    let mut rest = (0..).zip(free).filter_map(|(label, free)| free.then_some(label));
    Ok(labels.into_iter().map(|label| label.or_else(|| rest.next()).unwrap_or_default()).collect())
}

/// The labels that a new code shares rows with, ascending, and their weights.
type PairWeights = Vec<(usize, u64)>;

/// Sums up the weights of every new code; `pairs` are sorted.
fn weights(pairs: &[Pair], clusters: usize) -> Vec<PairWeights> {
    let times = |pairs: &[Pair]| pairs.iter().map(|pair| pair.times).fold(0, u64::saturating_add);
    let total = times(pairs);
    // The product of two counts stays within 2^62.
    let shift = (u64::BITS - total.leading_zeros()).saturating_sub(31);
    let unit = (total >> shift) + 1;
    let mut weights = vec![PairWeights::new(); clusters];
    for same in pairs.chunk_by(|a, b| (a.new, a.old) == (b.new, b.old)) {
        // Agreeing rows are the last ones of a sorted list.
        let agree = times(same.get(same.partition_point(|pair| !pair.agrees)..).unwrap_or_default());
        let weight = unit * (agree >> shift) + (times(same) >> shift);
        if let Some((list, first)) = same.first().and_then(|pair| Some((weights.get_mut(pair.new as usize)?, pair))) {
            list.push((first.old as usize, weight));
        }
    }
    weights
}

/// Finds the label of the largest weight for every new code, the lowest one on a tie.
fn own(weights: &[PairWeights]) -> Vec<Option<usize>> {
    let best =
        |list: &PairWeights| list.iter().max_by_key(|(label, weight)| (*weight, std::cmp::Reverse(*label))).copied();
    weights.iter().map(|list| best(list).map(|(label, _)| label)).collect()
}

/// Lists the costs of a new code at each label, which fall as the weight rises, and the cost of taking no label, for
/// which each code has its own place behind all labels.
fn edges(weights: &[PairWeights], row: usize, most: u64) -> AllowedColumns {
    let list = weights.get(row).map(Vec::as_slice).unwrap_or_default();
    let mut edges: Vec<Edge> =
        list.iter().map(|(column, weight)| Edge { column: *column, cost: most - weight }).collect();
    let stay = edges.iter().map(|edge| edge.cost).min().unwrap_or(most);
    edges.push(Edge { column: weights.len() + row, cost: most });
    AllowedColumns { edges, stay }
}
