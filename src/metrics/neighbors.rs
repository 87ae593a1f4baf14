//! The part of an evaluation that is about neighbours and distances.

use super::estimate::Estimate;
use super::evaluation::Evaluation;
use super::ids::Ids;
use super::known::{Known, distinct};
use super::points::Points;
use super::progress::{Callback, counter, tell};
use super::quality::{ByDistance, NeighborMetrics, RecallAt};
use super::quantizer::{DecodedRows, Quantizer};
use super::ranking::{ByDecoded, ByHamming, ByPrefix};
use super::retrieval::Truth;
use crate::device::Device;
use crate::error::Result;
use crate::rq::Codes;

impl Known<'_> {
    /// Recall, NDCG and the correlation of distances.
    pub(super) fn neighbors(
        &self,
        evaluation: &Evaluation,
        model: &dyn Quantizer,
        codes: &Codes,
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<NeighborMetrics> {
        let ids = Ids::new(codes)?;
        let decoded = DecodedRows { model, codes: &ids.codes, device };
        let weight = |id: usize| ids.rows.get(id).copied().unwrap_or(0);
        let decoded = Points::new(&decoded, self.metric, device, weight)?;

        let query_ids = distinct(&self.queries, &ids.of_row);
        let mut tick = counter(progress, "neighbours of the decoded IDs", query_ids.len(), decoded.len());
        let by_decoded = ByDecoded::new(&decoded, query_ids.into_iter(), evaluation.most(), device, &mut tick)?;
        drop(tick);

        let truth = Truth::new(&self.points, &ids, &self.nearest);
        let (by_prefix, by_hamming) = (ByPrefix::new(&ids), ByHamming::new(&ids));
        let scores = |k| ByDistance {
            prefix: truth.score(&by_prefix, &self.queries, k),
            decoded: truth.score(&by_decoded, &self.queries, k),
            hamming: truth.score(&by_hamming, &self.queries, k),
        };
        let at_k = scores(evaluation.k);
        let recall_at = |k: &usize| RecallAt { k: *k, recall: scores(*k).map(|retrieval| retrieval.recall) };
        tell(progress, "distances", 0, 0)?;
        Ok(NeighborMetrics {
            k: evaluation.k,
            queries: self.queries.len(),
            recall_at_k: at_k.map(|retrieval| retrieval.recall),
            ndcg_at_k: at_k.map(|retrieval| retrieval.ndcg),
            recall_curve: evaluation.curve.iter().map(recall_at).collect(),
            distance_correlation: self.correlation(&ids, &decoded, device)?,
        })
    }

    fn correlation(&self, ids: &Ids, decoded: &Points<'_>, device: &Device) -> Result<ByDistance<Option<Estimate>>> {
        let id = |row: usize| ids.of_row.get(row).copied().unwrap_or(0);
        let of_decoded = self.pairs.distances(decoded, device, |row| id(row) as usize)?;
        let by = |distance: &dyn Fn(u32, u32) -> usize| {
            let distances = self.pairs.rows.iter().map(|(a, b)| distance(id(*a), id(*b)) as u64);
            self.pairs.correlation(&self.distances, &distances.collect::<Vec<_>>())
        };
        Ok(ByDistance {
            prefix: by(&|a, b| ids.codes.levels() - ids.shared_prefix(a, b)),
            decoded: self.pairs.correlation(&self.distances, &of_decoded),
            hamming: by(&|a, b| ids.hamming(a, b)),
        })
    }
}
