//! Findings that need more than what a report is about, so that callers measure them.

use crate::mapping::{Churn, CoOccurrence, WeightedCollisions};
use crate::metrics::{CollisionKinds, ErrorMetrics, IdNeighborMetrics, PrefixPurity};

/// The measures of a model that need more than the model and its rows; the report shows those that are there.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct ModelFindings {
    /// Width of the beam that gave the codes, where it is not that of the model.
    pub beam: Option<usize>,
    /// Errors of the nearest codewords of every level, where a beam gave the codes.
    pub nearest: Option<ErrorMetrics>,
    /// How many rows lack each of the blocks, in their order; nothing where that is not known.
    pub imputed: Vec<u64>,
    /// Whether items that are used together share prefixes.
    pub co_occurrence: Option<CoOccurrence>,
    /// The same for codes of rows that were not mixed with those of their partners, where the rows of the report were.
    pub co_occurrence_unmixed: Option<CoOccurrence>,
}

/// The measures of a mapping that need more than its codes; the report shows those that are there.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct MappingFindings {
    /// How many items have other IDs than in an older mapping.
    pub churn: Option<Churn>,
    /// Collisions of items that are wanted more or less often.
    pub weighted: Option<WeightedCollisions>,
    /// Whether items that are used together share prefixes.
    pub co_occurrence: Option<CoOccurrence>,
    /// The kinds of collisions, with the keys of the rows that they were measured on.
    pub collisions: Option<(CollisionKinds, Vec<String>)>,
    /// Whether near rows have near IDs.
    pub neighbors: Option<IdNeighborMetrics>,
    /// Whether items with a common prefix have a common label.
    pub purity: Option<Vec<PrefixPurity>>,
}
