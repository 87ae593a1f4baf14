//! The form of a sweep in files: named fields, with a version.

use super::Sweep;
use crate::clusters::Clusters;
use crate::error::Error;
use crate::fields::{VERSION, check_version};
use crate::metrics::Evaluation;
use crate::quantizer::Parameters;
use serde::de::{self, Deserializer};
use serde::ser;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

/// Fields of a kind that the sweep sets.
const SET: [&str; 4] = ["levels", "clusters", "seed", "sizes"];

/// [`Sweep`], field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StoredSweep {
    version: u32,
    levels: Vec<usize>,
    clusters: Vec<Clusters>,
    kinds: Vec<OtherParameters>,
    balanced: Vec<bool>,
    seeds: Vec<u64>,
    /// Left out where it has its default, which files did without before it was there.
    #[serde(skip_serializing_if = "keeps_none")]
    freeze_levels: Vec<usize>,
    evaluation: Evaluation,
    predict: Option<u64>,
}

fn keeps_none(frozen: &[usize]) -> bool {
    frozen == [0]
}

impl Default for StoredSweep {
    fn default() -> Self {
        Sweep::new([2, 3, 4], [64, 256]).into()
    }
}

impl From<Sweep> for StoredSweep {
    fn from(sweep: Sweep) -> Self {
        // The folder of models is a place, and inputs are data; they are no parameters.
        let Sweep { levels, clusters, kinds, balanced, seeds, frozen, inputs: _, evaluation, predict, models: _ } =
            sweep;
        let kinds = kinds.into_iter().map(OtherParameters).collect();
        let freeze_levels = frozen;
        Self { version: VERSION, levels, clusters, kinds, balanced, seeds, freeze_levels, evaluation, predict }
    }
}

impl TryFrom<StoredSweep> for Sweep {
    type Error = Error;

    fn try_from(stored: StoredSweep) -> Result<Self, Error> {
        let StoredSweep { version, levels, clusters, kinds, balanced, seeds, freeze_levels, evaluation, predict } =
            stored;
        check_version(version)?;
        let sweep = Sweep::new(levels, clusters)
            .kinds(kinds.into_iter().map(|OtherParameters(kind)| kind))
            .balanced(balanced)
            .seeds(seeds)
            .freeze_levels(freeze_levels);
        let sweep = sweep.evaluation(evaluation).predict(predict);
        sweep.runs()?;
        Ok(sweep)
    }
}

/// Parameters without those that the sweep sets.
#[derive(Clone, Debug)]
struct OtherParameters(Parameters);

impl Serialize for OtherParameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut fields = self.0.parameters().map_err(ser::Error::custom)?;
        fields.retain(|name, _| !SET.contains(&name.as_str()));
        fields.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for OtherParameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields = Map::<String, Value>::deserialize(deserializer)?;
        match SET.iter().find(|name| fields.contains_key(**name)) {
            Some(name) => {
                Err(de::Error::custom(format!("`{name}` is the same for all kinds of a sweep; give it beside `kinds`")))
            }
            None => Parameters::deserialize(Value::Object(fields)).map(Self).map_err(de::Error::custom),
        }
    }
}
