//! Measures recall and NDCG: whether the nearest rows have the nearest IDs.

use super::estimate::Estimate;
use super::ids::Ids;
use super::nearest::{Nearest, Tick, places};
use super::points::Points;
use super::ranking::Ranking;
use super::ties::Discounts;
use crate::error::{Error, Result, try_collect, try_reserve};
use rayon::prelude::*;

/// How many queries are scored at a time.
const BLOCK: usize = 1024;
/// What the memory of scores is for.
const SCORES: &str = "scores of queries";

/// Recall and NDCG at k, by one ranking.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Retrieval {
    pub(super) recall: Estimate,
    pub(super) ndcg: Estimate,
    /// Recall and NDCG of queries that count by their weights, if there are weights and one is not 0.
    pub(super) weighted: Option<[Estimate; 2]>,
}

/// The rows that are queries.
#[derive(Clone, Copy)]
pub(super) struct Queries<'a> {
    pub(super) rows: &'a [usize],
    /// How often each counts, in the same order.
    pub(super) weights: Option<&'a [f64]>,
}

/// The true neighbours of some rows, and the IDs of all rows.
pub(super) struct Truth<'a> {
    pub(super) points: &'a Points<'a>,
    pub(super) ids: &'a Ids,
    pub(super) nearest: &'a Nearest,
    /// Every pair of a point and an ID that some rows have, sorted, with the number of these rows.
    pairs: Vec<((u32, u32), u64)>,
}

impl<'a> Truth<'a> {
    pub(super) fn new(points: &'a Points<'a>, ids: &'a Ids, nearest: &'a Nearest) -> Result<Self> {
        let of_rows = points.of_row.iter().copied().zip(ids.of_row.iter().copied());
        let mut rows = try_collect(of_rows, "points and IDs of rows")?;
        rows.par_sort_unstable();
        let pairs = rows.chunk_by(|a, b| a == b).filter_map(|same| Some((*same.first()?, same.len() as u64)));
        Ok(Self { points, ids, nearest, pairs: try_collect(pairs, "pairs of points and IDs")? })
    }

    /// Iterates over the IDs of the rows of a point, with the number of these rows.
    fn ids_of(&self, point: u32) -> impl Iterator<Item = (u32, u64)> {
        let start = self.pairs.partition_point(|((other, _), _)| *other < point);
        let pairs = self.pairs.iter().skip(start).take_while(move |((other, _), _)| *other == point);
        pairs.map(|((_, id), rows)| (*id, *rows))
    }

    /// Returns recall and NDCG of `ranking` for `queries`, at each of `ks`; neighbours of these queries must
    /// have been searched up to these k.
    ///
    /// # Errors
    /// Any error of `tick`, which is called with the number of queries done.
    pub(super) fn score(
        &self,
        ranking: &dyn Ranking,
        queries: Queries<'_>,
        ks: &[usize],
        tick: Tick<'_>,
    ) -> Result<Vec<Retrieval>> {
        let row = |row: &usize| (self.points.of_row.get(*row).copied(), self.ids.of_row.get(*row).copied());
        let pairs = || queries.rows.iter().map(row).filter_map(|(point, id)| point.zip(id));
        let rows: Vec<(u32, u32)> = try_collect(pairs(), "points and IDs of queries")?;
        // Rows with the same point and ID have the same scores.
        let mut kinds = try_collect(pairs(), "points and IDs of queries")?;
        kinds.par_sort_unstable();
        kinds.dedup();
        let discounts: Vec<Discounts> = ks.iter().map(|k| Discounts::new(*k)).collect();
        let mut scores: Vec<Vec<[f64; 2]>> = Vec::new();
        try_reserve(&mut scores, kinds.len(), SCORES)?;
        for block in kinds.chunks(BLOCK) {
            scores.par_extend(block.par_iter().map(|kind| self.score_of(ranking, *kind, &discounts)));
            tick(block.len() as u64)?;
        }
        let population = self.points.of_row.len() as u64;
        let score = |row| kinds.binary_search(row).ok().and_then(|at| scores.get(at));
        let means = |at: usize, which: fn(&[f64; 2]) -> f64| {
            let value = |row| score(row).and_then(|scores| scores.get(at)).map_or(0.0, which);
            let values = try_collect(rows.iter().map(value), SCORES)?;
            let weighted = queries.weights.and_then(|weights| Estimate::weighted_mean(&values, weights, population));
            Ok::<_, Error>((Estimate::mean(&values, population), weighted))
        };
        let at = |at| {
            let ((recall, by_weight), (ndcg, ndcg_by_weight)) =
                (means(at, |[recall, _]| *recall)?, means(at, |[_, ndcg]| *ndcg)?);
            let weighted = by_weight.zip(ndcg_by_weight).map(|(recall, ndcg)| [recall, ndcg]);
            Ok(Retrieval { recall, ndcg, weighted })
        };
        (0..ks.len()).map(at).collect()
    }

    /// Returns recall and NDCG of a query with this point and ID, at the k of each of `discounts`.
    fn score_of(&self, ranking: &dyn Ranking, (point, id): (u32, u32), discounts: &[Discounts]) -> Vec<[f64; 2]> {
        let place_of = ranking.of(id);
        let mut scores = vec![[0.0; 2]; discounts.len()];
        for (true_place, group) in places(point, self.nearest.of(point), &self.points.weights) {
            for (_, other) in group {
                for (item, rows) in self.ids_of(*other) {
                    let rows = rows - u64::from((*other, item) == (point, id));
                    let Some(place) = place_of(item).filter(|_| rows > 0) else { continue };
                    for ([hits, gain], discounts) in scores.iter_mut().zip(discounts) {
                        let relevance = true_place.share(discounts.k());
                        *hits += relevance * rows as f64 * place.share(discounts.k());
                        *gain += relevance * rows as f64 * discounts.expected(place);
                    }
                }
            }
        }
        scores.iter().zip(discounts).map(|([hits, gain], of)| [hits / of.k() as f64, gain / of.ideal()]).collect()
    }
}
