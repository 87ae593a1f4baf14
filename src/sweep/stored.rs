//! The grid of a sweep as it stands in files: named fields, with a version.

use super::grid::{Sweep, SweepKind};
use crate::error::Error;
use crate::metrics::Evaluation;
use crate::origin::fields;
use crate::rq::{Clusters, PARAMETERS_VERSION, RqKMeans, check_version};
use crate::vae::{self, RqVae};
use serde::de::{self, Deserializer};
use serde::ser;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::Value;
use std::collections::BTreeMap;

/// Fields of a kind that the sweep sets.
const SET: [&str; 4] = ["levels", "clusters", "seed", "sizes"];

/// [`Sweep`], field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Stored {
    version: u32,
    levels: Vec<usize>,
    clusters: Vec<Clusters>,
    kinds: Vec<SweepKind>,
    balanced: Vec<bool>,
    seeds: Vec<u64>,
    evaluation: Evaluation,
    predict: Option<u64>,
}

impl Default for Stored {
    fn default() -> Self {
        Sweep::new([2, 3, 4], [64, 256]).into()
    }
}

impl From<Sweep> for Stored {
    fn from(sweep: Sweep) -> Self {
        // The folder of models is a place, and no parameter.
        let Sweep { levels, clusters, kinds, balanced, seeds, evaluation, predict, models: _ } = sweep;
        Self { version: PARAMETERS_VERSION, levels, clusters, kinds, balanced, seeds, evaluation, predict }
    }
}

impl TryFrom<Stored> for Sweep {
    type Error = Error;

    fn try_from(stored: Stored) -> Result<Self, Error> {
        let Stored { version, levels, clusters, kinds, balanced, seeds, evaluation, predict } = stored;
        check_version(version)?;
        let sweep = Sweep::new(levels, clusters).kinds(kinds).balanced(balanced).seeds(seeds);
        let sweep = sweep.evaluation(evaluation).predict(predict);
        sweep.runs()?;
        Ok(sweep)
    }
}

impl Serialize for SweepKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let fields = match self {
            Self::RqKMeans(params) => fields(params),
            Self::RqVae(params) => fields(params),
        };
        let mut fields = fields.map_err(ser::Error::custom)?;
        fields.retain(|name, _| !SET.contains(&name.as_str()));
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for SweepKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = BTreeMap::<String, Value>::deserialize(deserializer)?;
        if let Some(name) = SET.iter().find(|name| fields.contains_key(**name)) {
            return Err(de::Error::custom(format!(
                "`{name}` is the same for all kinds of a sweep; give it beside `kinds`"
            )));
        }
        let kind = fields.get("kind").cloned().ok_or_else(|| de::Error::missing_field("kind"))?;
        let fields = Value::Object(fields.into_iter().collect());
        let name = kind.as_str().unwrap_or_default();
        match name {
            vae::NAME => serde_json::from_value::<RqVae>(fields).map(Self::from).map_err(de::Error::custom),
            "rq-kmeans" => serde_json::from_value::<RqKMeans>(fields).map(Self::from).map_err(de::Error::custom),
            _ => Err(de::Error::unknown_variant(name, &["rq-kmeans", vae::NAME])),
        }
    }
}
