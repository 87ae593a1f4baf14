//! Results of an evaluation.

use super::code_metrics::CodeMetrics;
use super::errors::ErrorMetrics;
use super::estimate::Estimate;
use serde::{Deserialize, Serialize};

/// Results of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quality {
    /// Measures of codes alone. Serialized, these fields stand beside the others.
    #[serde(flatten)]
    pub codes: CodeMetrics,
    /// Errors of decoding, unless the model's codes do not decode to its rows; serialized likewise.
    #[serde(flatten)]
    pub errors: Option<ErrorMetrics>,
    /// Neighbours, unless k is 0; serialized likewise.
    #[serde(flatten)]
    pub neighbors: Option<NeighborMetrics>,
}

/// Whether near rows have near IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NeighborMetrics {
    /// Neighbours of each query.
    pub k: usize,
    /// Rows whose neighbours were looked for, among all rows.
    pub queries: usize,
    /// Expected share of the k true neighbours among the k nearest by their IDs.
    pub recall_at_k: ByDistance<Estimate>,
    /// Expected normalized discounted cumulative gain, a true neighbour being worth 1.
    pub ndcg_at_k: ByDistance<Estimate>,
    /// Recall at other numbers of neighbours, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recall_curve: Vec<RecallAt>,
    /// Spearman's rank correlation of the distances of pairs of rows and of their IDs; none where one does not vary.
    pub distance_correlation: ByDistance<Option<Estimate>>,
}

/// Recall at a number of neighbours, see [`Evaluation::recall_curve`](super::Evaluation::recall_curve).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecallAt {
    /// Neighbours of each query.
    pub k: usize,
    /// Expected share of the k true neighbours among the k nearest by their IDs.
    pub recall: ByDistance<Estimate>,
}

/// A metric for each of the distances between IDs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ByDistance<T> {
    /// The longer the shared prefix, the nearer.
    pub prefix: T,
    /// Distance between what the IDs decode to.
    pub decoded: T,
    /// Number of levels at which the codes differ.
    pub hamming: T,
}

impl<T> ByDistance<T> {
    /// Makes a value for every distance by `part`.
    pub fn map<U>(&self, mut part: impl FnMut(&T) -> U) -> ByDistance<U> {
        ByDistance { prefix: part(&self.prefix), decoded: part(&self.decoded), hamming: part(&self.hamming) }
    }
}
