//! What a page says about how a model was made, and findings that need more than the model and its rows.

use crate::blocks::Blocks;
use crate::error::Result;
use crate::labels::LabelTable;
use crate::mapping::CoOccurrence;
use crate::metrics::{ErrorMetrics, Quantizer};
use serde_json::Value;
use std::collections::BTreeMap;

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
    /// Errors of rows that count by their weights.
    pub weighted: Option<ErrorMetrics>,
    /// Whether items that are used together share prefixes.
    pub co_occurrence: Option<CoOccurrence>,
    /// The same for codes of rows that were not mixed with those of their partners, where the rows of the report were.
    pub co_occurrence_unmixed: Option<CoOccurrence>,
}

/// How a model was made, as far as it differs from plain levels.
#[derive(Default)]
pub(super) struct ModelFacts {
    pub(super) tables: Vec<LabelTable>,
    pub(super) blocks: Option<Blocks>,
    /// The width of the beam by which the model encodes.
    pub(super) beam: Option<u64>,
    /// The parameters of the fit, where they were recorded.
    parameters: BTreeMap<String, Value>,
}

impl ModelFacts {
    pub(super) fn of(model: &dyn Quantizer) -> Result<Self> {
        Ok(Self {
            tables: model.label_tables().to_vec(),
            blocks: model.blocks().cloned(),
            beam: model.config()?.get("beam").and_then(Value::as_u64),
            parameters: model.parameters().cloned().unwrap_or_default(),
        })
    }

    /// Returns a whole number among the parameters of the fit, unless it is 0.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.parameters.get(name)?.as_u64().filter(|number| *number > 0)
    }

    /// Returns the share of the mean of its partners in a row of the fit, if rows were mixed.
    pub(super) fn pair_weight(&self) -> Option<f64> {
        self.parameters.get("pair_weight")?.as_f64()
    }

    /// Returns the fingerprint of the model that the fit started from, if there was one.
    pub(super) fn warm_start(&self) -> Option<&str> {
        self.parameters.get("warm_start")?.as_str()
    }
}
