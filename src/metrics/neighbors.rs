//! The part of an evaluation that is about neighbours and distances.

use super::correlation::Pairs;
use super::estimate::Estimate;
use super::evaluation::Evaluation;
use super::ids::Ids;
use super::nearest::Nearest;
use super::points::Points;
use super::progress::{Callback, counter, tell};
use super::quality::{ByDistance, NeighborMetrics, RecallAt};
use super::quantizer::{DecodedRows, Quantizer};
use super::ranking::{ByDecoded, ByHamming, ByPrefix};
use super::retrieval::Truth;
use crate::device::Device;
use crate::error::Result;
use crate::rng::{self, Stream};
use crate::rows::Rows;
use crate::rq::Codes;

impl Evaluation {
    /// Recall, NDCG and the correlation of distances.
    pub(super) fn neighbors(
        &self,
        model: &dyn Quantizer,
        rows: &dyn Rows,
        codes: &Codes,
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<NeighborMetrics> {
        let queries = self.queries(rows.len());
        let most = self.curve.iter().copied().max().unwrap_or(0).max(self.k);
        tell(progress, "true neighbours", 0, 0)?;
        let points = Points::new(rows, model.metric(), device, |_| 1)?;
        let ids = Ids::new(codes)?;
        let decoded = DecodedRows { model, codes: &ids.codes, device };
        let weight = |id: usize| ids.rows.get(id).copied().unwrap_or(0);
        let decoded = Points::new(&decoded, model.metric(), device, weight)?;

        let chosen = distinct(&queries, &points.of_row);
        let mut tick = counter(progress, "true neighbours", chosen.len(), points.len());
        let nearest = Nearest::search(&points, chosen, most, device, &mut tick)?;
        drop(tick);
        let query_ids = distinct(&queries, &ids.of_row);
        let mut tick = counter(progress, "neighbours of the decoded IDs", query_ids.len(), decoded.len());
        let by_decoded = ByDecoded::new(&decoded, query_ids.into_iter(), most, device, &mut tick)?;
        drop(tick);

        let truth = Truth::new(&points, &ids, &nearest);
        let (by_prefix, by_hamming) = (ByPrefix::new(&ids), ByHamming::new(&ids));
        let scores = |k| ByDistance {
            prefix: truth.score(&by_prefix, &queries, k),
            decoded: truth.score(&by_decoded, &queries, k),
            hamming: truth.score(&by_hamming, &queries, k),
        };
        let at_k = scores(self.k);
        let recall_at = |k: &usize| RecallAt { k: *k, recall: scores(*k).map(|retrieval| retrieval.recall) };
        tell(progress, "distances", 0, 0)?;
        Ok(NeighborMetrics {
            k: self.k,
            queries: queries.len(),
            recall_at_k: at_k.map(|retrieval| retrieval.recall),
            ndcg_at_k: at_k.map(|retrieval| retrieval.ndcg),
            recall_curve: self.curve.iter().map(recall_at).collect(),
            distance_correlation: self.correlation(&points, &ids, &decoded, device)?,
        })
    }

    /// The rows whose neighbours are looked for, ascending.
    fn queries(&self, rows: usize) -> Vec<usize> {
        // Other rows than `fit` would choose by the same seed.
        let seed = Stream::new("queries", self.seed, 0, 0).next_u64();
        rng::sample(seed, rows, self.sample.unwrap_or(rows))
    }

    fn correlation(
        &self,
        points: &Points<'_>,
        ids: &Ids,
        decoded: &Points<'_>,
        device: &Device,
    ) -> Result<ByDistance<Option<Estimate>>> {
        let pairs = Pairs::new(points.of_row.len(), self.pairs, self.seed);
        let id = |row: usize| ids.of_row.get(row).copied().unwrap_or(0);
        let of_rows = pairs.distances(points, device, |row| row)?;
        let of_decoded = pairs.distances(decoded, device, |row| id(row) as usize)?;
        let by = |distance: &dyn Fn(u32, u32) -> usize| {
            let distances = pairs.rows.iter().map(|(a, b)| distance(id(*a), id(*b)) as u64);
            pairs.correlation(&of_rows, &distances.collect::<Vec<_>>())
        };
        Ok(ByDistance {
            prefix: by(&|a, b| ids.codes.levels() - ids.shared_prefix(a, b)),
            decoded: pairs.correlation(&of_rows, &of_decoded),
            hamming: by(&|a, b| ids.hamming(a, b)),
        })
    }
}

/// What the rows have, each once.
fn distinct(rows: &[usize], of_row: &[u32]) -> Vec<u32> {
    let mut all: Vec<u32> = rows.iter().filter_map(|row| of_row.get(*row).copied()).collect();
    all.sort_unstable();
    all.dedup();
    all
}
