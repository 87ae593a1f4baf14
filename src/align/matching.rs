//! Which new code takes which old label.

use crate::error::Result;
use crate::transport::limited::{Edge, Row, solve};
use rayon::prelude::*;

/// A row at some level.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pair {
    /// Its code in the new model.
    pub(super) new: u32,
    /// Its code in the old model.
    pub(super) old: u32,
    /// Whether all codes before are the same already.
    pub(super) agrees: bool,
}

/// The label of each of `clusters` new codes: a permutation with which as many rows that agree as possible keep their
/// code, and of these permutations one with which as many rows as possible do.
///
/// # Exactness
/// Integers alone: the optimum of an assignment problem whose weight of (new, old) is `(N + 1) a + n` for n rows, of
/// which a agree. Of several optima it is the one that the search comes to, which goes through new codes and labels in
/// ascending order. Codes that share no row with a label take those left over, both in ascending order.
pub(super) fn labels(mut pairs: Vec<Pair>, clusters: usize) -> Result<Vec<u32>> {
    pairs.retain(|pair| (pair.old as usize) < clusters && (pair.new as usize) < clusters);
    pairs.par_sort_unstable();
    let weights = weights(&pairs, clusters);
    let most = weights.iter().flatten().map(|(_, weight)| *weight).max().unwrap_or(0);
    // A place for every label, and one for every new code that takes none of them yet.
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

/// Labels that a new code shares rows with, ascending, and their weights.
type Weights = Vec<(usize, u64)>;

/// Sums up the weights of every new code; `pairs` are sorted.
fn weights(pairs: &[Pair], clusters: usize) -> Vec<Weights> {
    let unit = (pairs.len() as u64).saturating_add(1);
    let mut weights = vec![Weights::new(); clusters];
    for same in pairs.chunk_by(|a, b| (a.new, a.old) == (b.new, b.old)) {
        let agree = same.iter().filter(|pair| pair.agrees).count() as u64;
        let weight = unit.saturating_mul(agree).saturating_add(same.len() as u64);
        if let Some((list, first)) = same.first().and_then(|pair| Some((weights.get_mut(pair.new as usize)?, pair))) {
            list.push((first.old as usize, weight));
        }
    }
    weights
}

/// Finds the label of the largest weight for every new code, the lowest one on a tie.
fn own(weights: &[Weights]) -> Vec<Option<usize>> {
    let best = |list: &Weights| list.iter().max_by_key(|(label, weight)| (*weight, std::cmp::Reverse(*label))).copied();
    weights.iter().map(|list| best(list).map(|(label, _)| label)).collect()
}

/// Lists the costs of a new code at each label, which fall as the weight rises, and the cost of taking no label: each
/// code has a place of its own for that, behind all labels.
fn edges(weights: &[Weights], row: usize, most: u64) -> Row {
    let list = weights.get(row).map(Vec::as_slice).unwrap_or_default();
    let mut edges: Vec<Edge> =
        list.iter().map(|(column, weight)| Edge { column: *column, cost: most - weight }).collect();
    let stay = edges.iter().map(|edge| edge.cost).min().unwrap_or(most);
    edges.push(Edge { column: weights.len() + row, cost: most });
    Row { edges, stay }
}
