//! Measures neighbours and distances.

use super::correlation::DISTANCES;
use super::decoded::DecodedRows;
use super::estimate::Estimate;
use super::evaluation::Evaluation;
use super::ids::Ids;
use super::integers::Integers;
use super::known::{Known, distinct};
use super::points::Points;
use super::progress::{Callback, counter, tell};
use super::quality::{ByDistance, NeighborMetrics, RecallAt};
use super::ranking::{ByDecoded, ByHamming, ByPrefix, Ranking};
use super::retrieval::{Queries, Retrieval, Truth};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{ErrorKind, Result, try_collect};
use crate::quantizer::Quantizer;
use crate::rq::Metric;
use crate::weights::Weights;

impl Known<'_> {
    /// Measures recall, NDCG and the correlation of distances; where there are `weights`, recall and NDCG by them too.
    pub(super) fn neighbors(
        &self,
        evaluation: &Evaluation,
        model: &dyn Quantizer,
        (codes, weights): (&Codes, Option<&Weights>),
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<NeighborMetrics> {
        let ids = Ids::new(codes)?;
        let weight = |id: usize| ids.rows.get(id).copied().unwrap_or(0);
        let rows = DecodedRows { model, codes: &ids.codes, device };
        // Rows of the cosine metric are scaled to unit length, and so are those that codes decode to.
        let decoded = match model.decodes_to_points() && self.metric == Metric::L2 {
            true => Points::of_codes(Integers { model, codes: &ids.codes }, device, weight)?,
            false => Points::new(&rows, self.metric, device, weight)?,
        };

        let query_ids = distinct(&self.queries, &ids.of_row)?;
        let mut tick = counter(progress, "neighbours of the decoded IDs", query_ids.len(), decoded.len());
        let by_decoded = ByDecoded::new(&decoded, query_ids.into_iter(), evaluation.most(), device, &mut tick)?;
        drop(tick);

        let truth = Truth::new(&self.points, &ids, &self.nearest)?;
        let (by_prefix, by_hamming) = (ByPrefix::new(&ids)?, ByHamming::new(&ids)?);
        let ks: Vec<usize> = std::iter::once(evaluation.k).chain(evaluation.curve.iter().copied()).collect();
        let mut tick = counter(progress, "recall", self.queries.len(), 3);
        // A weight is at most 2^37, so it is exact in f64.
        let weights: Option<Vec<f64>> =
            weights.map(|weights| self.queries.iter().map(|row| weights.of(*row) as f64).collect());
        let queries = Queries { rows: &self.queries, weights: weights.as_deref() };
        let mut score = |ranking: &dyn Ranking| truth.score(ranking, queries, &ks, &mut tick);
        let (prefix, decoded_scores, hamming) = (score(&by_prefix)?, score(&by_decoded)?, score(&by_hamming)?);
        drop(tick);
        let scores = prefix.into_iter().zip(decoded_scores).zip(hamming);
        let mut scores = scores.map(|((prefix, decoded), hamming)| ByDistance { prefix, decoded, hamming });
        let Some(at_k) = scores.next() else { return Err(ErrorKind::Empty.into()) };
        let curve = evaluation.curve.iter().zip(scores);
        let curve = curve.map(|(k, scores)| RecallAt { k: *k, recall: scores.map(|retrieval| retrieval.recall) });
        let recall_curve = curve.collect();
        let by_weight = |part: fn([Estimate; 2]) -> Estimate| {
            let of = |retrieval: Retrieval| retrieval.weighted.map(part);
            let ByDistance { prefix, decoded, hamming } = at_k;
            Some(ByDistance { prefix: of(prefix)?, decoded: of(decoded)?, hamming: of(hamming)? })
        };
        tell(progress, "distances", 0, 0)?;
        Ok(NeighborMetrics {
            k: evaluation.k,
            queries: self.queries.len(),
            recall_at_k: at_k.map(|retrieval| retrieval.recall),
            ndcg_at_k: at_k.map(|retrieval| retrieval.ndcg),
            weighted_recall_at_k: by_weight(|[recall, _]| recall),
            weighted_ndcg_at_k: by_weight(|[_, ndcg]| ndcg),
            recall_curve,
            distance_correlation: self.correlation(&ids, &decoded, device, progress)?,
        })
    }

    fn correlation(
        &self,
        ids: &Ids,
        decoded: &Points<'_>,
        device: &Device,
        progress: Callback<'_>,
    ) -> Result<ByDistance<Option<Estimate>>> {
        let id = |row: usize| ids.of_row.get(row).copied().unwrap_or(0);
        let of_decoded = self.pairs.distances(decoded, device, |row| id(row) as usize)?;
        let mut correlate = |distances: &[u64]| -> Result<Option<Estimate>> {
            tell(progress, "distances", 0, 0)?;
            self.pairs.correlation(&self.distances, distances)
        };
        let by = |distance: &dyn Fn(u32, u32) -> usize| -> Result<Vec<u64>> {
            try_collect(self.pairs.rows.iter().map(|(a, b)| distance(id(*a), id(*b)) as u64), DISTANCES)
        };
        Ok(ByDistance {
            prefix: correlate(&by(&|a, b| ids.codes.levels() - ids.shared_prefix(a, b))?)?,
            decoded: correlate(&of_decoded)?,
            hamming: correlate(&by(&|a, b| ids.hamming(a, b))?)?,
        })
    }
}
