//! What a page says about how a model was made.

use crate::blocks::Blocks;
use crate::error::Result;
use crate::labels::LabelTable;
use crate::metrics::Quantizer;
use crate::quantizer::{Parameters, TrainOption};
use serde_json::Value;
use std::collections::BTreeMap;

/// How a model was made, as far as it differs from plain levels.
#[derive(Default)]
pub(super) struct ModelFacts {
    pub(super) tables: Vec<LabelTable>,
    pub(super) blocks: Option<Blocks>,
    /// The width of the beam by which the model encodes.
    pub(super) beam: Option<u64>,
    /// Whether a fit of such a model can balance clusters.
    pub(super) takes_balance: bool,
    /// The parameters of the fit, where they were recorded.
    parameters: BTreeMap<String, Value>,
}

impl ModelFacts {
    /// Says nothing of how IDs were made.
    pub(super) fn unknown() -> Self {
        Self { takes_balance: true, ..Self::default() }
    }

    pub(super) fn of(model: &dyn Quantizer) -> Result<Self> {
        Ok(Self {
            tables: model.label_tables().to_vec(),
            blocks: model.blocks().cloned(),
            takes_balance: model.label_tables().is_empty() && takes_balance(model.kind()),
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

fn takes_balance(kind: &str) -> bool {
    Parameters::of_kind(kind).is_ok_and(|kind| kind.takes(TrainOption::Balance))
}
