//! Results of an evaluation.

use super::code_metrics::CodeMetrics;
use super::errors::ErrorMetrics;
use super::estimate::Estimate;
use serde::{Deserialize, Serialize};

/// Results of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Quality {
    /// Measures of codes alone. In serialized form these fields stand among the others.
    #[serde(flatten)]
    pub codes: CodeMetrics,
    /// Errors of decoding; none if the model's codes do not decode to its rows. They are serialized in the same way.
    #[serde(flatten)]
    pub errors: Option<ErrorMetrics>,
    /// Measures of neighbours; none if k is 0. They are serialized in the same way.
    #[serde(flatten)]
    pub neighbors: Option<NeighborMetrics>,
}

/// Measures whether near rows have near IDs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct NeighborMetrics {
    /// Number of neighbours of each query.
    pub k: usize,
    /// Number of queries; their neighbours are searched among all rows.
    pub queries: usize,
    /// Expected share of a query's k true neighbours that are among the k nearest by their IDs.
    pub recall_at_k: ByDistance<Estimate>,
    /// Expected normalized discounted cumulative gain, in which a true neighbour has the gain 1.
    pub ndcg_at_k: ByDistance<Estimate>,
    /// Recall where a query counts as often as its weight says, if there are weights and a query has one above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted_recall_at_k: Option<ByDistance<Estimate>>,
    /// The same for the gain.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weighted_ndcg_at_k: Option<ByDistance<Estimate>>,
    /// Recall at the further numbers of neighbours that were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recall_curve: Vec<RecallAt>,
    /// Spearman's rank correlation, over pairs of rows, between the distances of rows and of IDs; none where one of
    /// them does not vary.
    pub distance_correlation: ByDistance<Option<Estimate>>,
}

/// Recall at one number of neighbours, see [`Evaluation::recall_curve`](super::Evaluation::recall_curve).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct RecallAt {
    /// Number of neighbours of each query.
    pub k: usize,
    /// Expected share of a query's k true neighbours that are among the k nearest by their IDs.
    pub recall: ByDistance<Estimate>,
}

/// A metric for each of the distances between IDs.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ByDistance<T> {
    /// By the shared prefix: the longer it is, the nearer.
    pub prefix: T,
    /// By the distance between the rows that the IDs decode to.
    pub decoded: T,
    /// By the number of levels at which the codes differ.
    pub hamming: T,
}

impl<T> ByDistance<T> {
    /// Returns `part` of the value for every distance.
    pub fn map<U>(&self, mut part: impl FnMut(&T) -> U) -> ByDistance<U> {
        ByDistance { prefix: part(&self.prefix), decoded: part(&self.decoded), hamming: part(&self.hamming) }
    }
}
