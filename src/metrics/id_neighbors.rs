//! Measures neighbours by IDs alone, where no model decodes them.

use super::estimate::Estimate;
use super::evaluator::Evaluator;
use super::ids::Ids;
use super::progress::{EvaluationProgress, counter, tell};
use super::ranking::{ByHamming, ByPrefix, Ranking};
use super::retrieval::{Queries, Truth};
use crate::codes::Codes;
use crate::device::Device;
use crate::error::{Error, ErrorKind, Result};
use crate::rq::Metric;
use serde::Serialize;
use std::ops::ControlFlow;

/// Measures whether near rows have near IDs, without a model.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct IdNeighborMetrics {
    /// Number of neighbours of each query.
    pub k: usize,
    /// Number of queries; their neighbours are searched among all rows.
    pub queries: usize,
    /// Expected share of a query's k true neighbours that are among the k nearest by their IDs.
    pub recall_at_k: ByCodes<Estimate>,
    /// Expected normalized discounted cumulative gain, in which a true neighbour has the gain 1.
    pub ndcg_at_k: ByCodes<Estimate>,
    /// Spearman's rank correlation, over pairs of rows, between the distances of rows and of IDs; none where one of
    /// them does not vary.
    pub distance_correlation: ByCodes<Option<Estimate>>,
}

/// A metric for each distance between IDs that needs no model.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ByCodes<T> {
    /// By the shared prefix: the longer it is, the nearer.
    pub prefix: T,
    /// By the number of levels at which the codes differ.
    pub hamming: T,
}

impl<T> ByCodes<T> {
    /// Returns `part` of the value for every distance.
    pub fn map<U>(&self, mut part: impl FnMut(&T) -> U) -> ByCodes<U> {
        ByCodes { prefix: part(&self.prefix), hamming: part(&self.hamming) }
    }
}

impl Evaluator<'_> {
    /// Measures the neighbours of the rows by their codes alone, whatever made these; `metric` says how rows are
    /// compared.
    ///
    /// # Exactness
    /// The numbers are those of [`Evaluation::run_on_codes`](super::Evaluation::run_on_codes) for a model of the same
    /// metric.
    ///
    /// # Errors
    /// As for [`Evaluation::run_on_codes`](super::Evaluation::run_on_codes); [`ErrorKind::Parameter`] for k = 0.
    ///
    /// ```
    /// use semid::metrics::Evaluation;
    /// use semid::{Codes, Device, Matrix, Metric};
    /// use std::ops::ControlFlow;
    ///
    /// let values = [0.0, 1.0, 10.0, 11.0];
    /// let rows = Matrix::new(&values, 1)?;
    /// let codes = Codes::new(vec![0, 0, 1, 1], 1)?;
    /// let mut evaluator = Evaluation::new().k(1).on(&rows);
    /// let measured = evaluator.run_ids(&codes, Metric::L2, &Device::cpu(), |_| ControlFlow::Continue(()))?;
    /// assert_eq!(measured.recall_at_k.prefix.value, 1.0);
    /// # Ok::<(), semid::Error>(())
    /// ```
    pub fn run_ids(
        &mut self,
        codes: &Codes,
        metric: Metric,
        device: &Device,
        mut progress: impl FnMut(&EvaluationProgress) -> ControlFlow<()>,
    ) -> Result<IdNeighborMetrics> {
        let rows = self.rows.len();
        if codes.len() != rows {
            return Err(ErrorKind::RowCount { what: "codes", found: codes.len(), rows }.into());
        }
        self.evaluation.check(rows)?;
        let k = self.evaluation.k;
        if k == 0 {
            return Err(Error::parameter("k", 0, "must be at least 1"));
        }
        let known = self.take_known(metric, device, &mut progress)?;
        let ids = Ids::new(codes)?;
        let truth = Truth::new(&known.points, &ids, &known.nearest)?;
        let mut tick = counter(&mut progress, "recall", known.queries.len(), 2);
        let queries = Queries { rows: &known.queries, weights: None };
        let mut score = |ranking: &dyn Ranking| -> Result<_> {
            truth.score(ranking, queries, &[k], &mut tick)?.into_iter().next().ok_or(ErrorKind::Empty.into())
        };
        let scores = ByCodes { prefix: score(&ByPrefix::new(&ids)?)?, hamming: score(&ByHamming::new(&ids)?)? };
        drop(tick);
        tell(&mut progress, "distances", 0, 0)?;
        let id = |row: usize| ids.of_row.get(row).copied().unwrap_or(0);
        let correlate = |distance: &dyn Fn(u32, u32) -> usize| {
            let of_ids: Vec<u64> = known.pairs.rows.iter().map(|(a, b)| distance(id(*a), id(*b)) as u64).collect();
            known.pairs.correlation(&known.distances, &of_ids)
        };
        let measured = IdNeighborMetrics {
            k,
            queries: known.queries.len(),
            recall_at_k: scores.map(|retrieval| retrieval.recall),
            ndcg_at_k: scores.map(|retrieval| retrieval.ndcg),
            distance_correlation: ByCodes {
                prefix: correlate(&|a, b| codes.levels() - ids.shared_prefix(a, b))?,
                hamming: correlate(&|a, b| ids.hamming(a, b))?,
            },
        };
        self.known.push(known);
        Ok(measured)
    }
}
