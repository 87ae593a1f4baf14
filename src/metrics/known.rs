//! Facts that depend only on rows and hold for every model that is measured.

use super::correlation::Pairs;
use super::evaluation::Evaluation;
use super::nearest::Nearest;
use super::points::Points;
use super::progress::{Callback, counter, tell};
use crate::device::Device;
use crate::error::{Result, try_collect};
use crate::rng::{self, Stream};
use crate::rows::Rows;
use crate::rq::Metric;

/// The rows as points, the true neighbours of the queries, and distances between pairs of rows.
pub(super) struct Known<'a> {
    pub(super) metric: Metric,
    pub(super) points: Points<'a>,
    /// The queries: rows whose neighbours are searched, ascending.
    pub(super) queries: Vec<usize>,
    pub(super) nearest: Nearest,
    pub(super) pairs: Pairs,
    /// The squared distance of every pair.
    pub(super) distances: Vec<u64>,
}

impl<'a> Known<'a> {
    pub(super) fn new(
        evaluation: &Evaluation,
        rows: &'a dyn Rows,
        metric: Metric,
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<Self> {
        tell(progress, "true neighbours", 0, 0)?;
        let queries = queries(evaluation, rows.len())?;
        let points = Points::new(rows, metric, device, |_| 1)?;
        let chosen = distinct(&queries, &points.of_row)?;
        let mut tick = counter(progress, "true neighbours", chosen.len(), points.len());
        let nearest = Nearest::search(&points, chosen, evaluation.most(), device, &mut tick)?;
        drop(tick);
        let pairs = Pairs::new(points.of_row.len(), evaluation.pairs, evaluation.seed)?;
        let distances = pairs.distances(&points, device, |row| row)?;
        Ok(Self { metric, points, queries, nearest, pairs, distances })
    }
}

fn queries(evaluation: &Evaluation, rows: usize) -> Result<Vec<usize>> {
    // The seed is changed, so that the queries are not the rows that `fit` samples with it.
    let seed = Stream::new("queries", evaluation.seed, 0, 0).next_u64();
    rng::sample(seed, rows, evaluation.sample.unwrap_or(rows))
}

/// Lists the points, or IDs, of these rows, each once and in ascending order.
pub(super) fn distinct(rows: &[usize], of_row: &[u32]) -> Result<Vec<u32>> {
    let mut all = try_collect(rows.iter().filter_map(|row| of_row.get(*row).copied()), "queries")?;
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
