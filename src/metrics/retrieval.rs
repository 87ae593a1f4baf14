//! Recall and NDCG: whether the nearest rows have the nearest IDs.

use super::estimate::Estimate;
use super::ids::Ids;
use super::nearest::{Nearest, places};
use super::points::Points;
use super::ranking::Ranking;
use super::ties::Discounts;
use rayon::prelude::*;

/// Recall and NDCG at k, by one ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Retrieval {
    pub(super) recall: Estimate,
    pub(super) ndcg: Estimate,
}

/// The true neighbours of some rows, and the IDs of all rows.
pub(super) struct Truth<'a> {
    pub(super) points: &'a Points<'a>,
    pub(super) ids: &'a Ids,
    pub(super) nearest: &'a Nearest,
    /// Rows of every pair of a point and an ID, sorted, with their number.
    pairs: Vec<((u32, u32), u64)>,
}

impl<'a> Truth<'a> {
    pub(super) fn new(points: &'a Points<'a>, ids: &'a Ids, nearest: &'a Nearest) -> Self {
        let mut rows: Vec<(u32, u32)> = points.of_row.iter().copied().zip(ids.of_row.iter().copied()).collect();
        rows.par_sort_unstable();
        let pairs = rows.chunk_by(|a, b| a == b).filter_map(|same| Some((*same.first()?, same.len() as u64)));
        Self { points, ids, nearest, pairs: pairs.collect() }
    }

    /// The IDs of the rows of a point, with their number.
    fn ids_of(&self, point: u32) -> impl Iterator<Item = (u32, u64)> {
        let start = self.pairs.partition_point(|((other, _), _)| *other < point);
        let pairs = self.pairs.iter().skip(start).take_while(move |((other, _), _)| *other == point);
        pairs.map(|((_, id), rows)| (*id, *rows))
    }

    /// Recall and NDCG at `k` of `ranking` for the rows `queries`, both searched up to rank k at least.
    pub(super) fn score(&self, ranking: &dyn Ranking, queries: &[usize], k: usize) -> Retrieval {
        let row = |row: &usize| (self.points.of_row.get(*row).copied(), self.ids.of_row.get(*row).copied());
        let rows: Vec<(u32, u32)> = queries.iter().map(row).filter_map(|(point, id)| point.zip(id)).collect();
        let mut kinds = rows.clone();
        kinds.par_sort_unstable();
        kinds.dedup();
        let discounts = Discounts::new(k);
        // Rows with the same point and ID have the same score.
        let scores: Vec<[f64; 2]> = kinds.par_iter().map(|kind| self.score_of(ranking, *kind, k, &discounts)).collect();
        let score = |row| kinds.binary_search(row).ok().and_then(|at| scores.get(at)).copied().unwrap_or_default();
        let population = self.points.of_row.len() as u64;
        let mean = |which: fn([f64; 2]) -> f64| {
            let values: Vec<f64> = rows.iter().map(|row| which(score(row))).collect();
            Estimate::mean(&values, population)
        };
        Retrieval { recall: mean(|[recall, _]| recall), ndcg: mean(|[_, ndcg]| ndcg) }
    }

    /// Recall and NDCG of a query with this point and ID.
    fn score_of(&self, ranking: &dyn Ranking, (point, id): (u32, u32), k: usize, discounts: &Discounts) -> [f64; 2] {
        let place_of = ranking.of(id);
        let [mut hits, mut gain] = [0.0; 2];
        for (place, group) in places(point, self.nearest.of(point), &self.points.weights) {
            let relevance = place.share(k);
            for (_, other) in group {
                for (item, rows) in self.ids_of(*other) {
                    let rows = rows - u64::from((*other, item) == (point, id));
                    let Some(place) = place_of(item).filter(|_| rows > 0) else { continue };
                    hits += relevance * rows as f64 * place.share(k);
                    gain += relevance * rows as f64 * discounts.expected(place);
                }
            }
        }
        [hits / k as f64, gain / discounts.ideal()]
    }
}
