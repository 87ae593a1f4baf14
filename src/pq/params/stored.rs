//! Parameters as they stand in files: the fields of residual k-means that product codes have too, beside `kind` and
//! `residual_levels`.

use super::{DEFAULT_SLICES, PqKMeans};
use crate::fields::{Fields, fields, read_fields};
use crate::rq::RqKMeans;
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// The fields of files. The other fields of residual k-means are no parameters of product codes.
const FIELDS: [&str; 14] = [
    "kind",
    "version",
    "levels",
    "residual_levels",
    "clusters",
    "seed",
    "max_iter",
    "tol",
    "n_init",
    "init",
    "metric",
    "algorithm",
    "sample",
    "center",
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
enum SliceKind {
    #[default]
    #[serde(rename = "pq")]
    Pq,
    #[serde(rename = "rq+pq")]
    ResidualPq,
}

/// The fields that residual k-means does not have.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct OwnFields {
    kind: SliceKind,
    /// The levels before the slices, which only the kind `rq+pq` has.
    #[serde(skip_serializing_if = "Option::is_none")]
    residual_levels: Option<usize>,
}

impl OwnFields {
    fn of(residual_levels: usize) -> Self {
        match residual_levels {
            0 => Self::default(),
            levels => Self { kind: SliceKind::ResidualPq, residual_levels: Some(levels) },
        }
    }

    fn residual_levels(self) -> Result<usize, &'static str> {
        match (self.kind, self.residual_levels) {
            (SliceKind::Pq, None) => Ok(0),
            (SliceKind::Pq, Some(_)) => Err("residual_levels: the kind pq has none; take rq+pq"),
            (SliceKind::ResidualPq, None) => Ok(1),
            (SliceKind::ResidualPq, Some(0)) => Err("residual_levels: rq+pq has at least 1; take the kind pq for none"),
            (SliceKind::ResidualPq, Some(levels)) => Ok(levels),
        }
    }
}

impl Serialize for PqKMeans {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut all = fields(&self.k_means).map_err(S::Error::custom)?;
        all.retain(|name, _| FIELDS.contains(&name.as_str()));
        all.extend(fields(&OwnFields::of(self.residual_levels)).map_err(S::Error::custom)?);
        all.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PqKMeans {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut all = Fields::deserialize(deserializer)?;
        if let Some(name) = all.keys().find(|name| !FIELDS.contains(&name.as_str())) {
            return Err(D::Error::unknown_field(name, &FIELDS));
        }
        let own = ["kind", "residual_levels"].into_iter().filter_map(|name| all.remove_entry(name)).collect();
        let own: OwnFields = read_fields(own).map_err(D::Error::custom)?;
        let residual_levels = own.residual_levels().map_err(D::Error::custom)?;
        let named = all.get("levels").is_some_and(|levels| !levels.is_null());
        if !named && !all.get("clusters").is_some_and(Value::is_array) {
            all.insert("levels".to_owned(), residual_levels.saturating_add(DEFAULT_SLICES).into());
        }
        let k_means: RqKMeans = read_fields(all.into_iter().collect()).map_err(D::Error::custom)?;
        let params = Self { k_means, residual_levels };
        params.slices().map_err(D::Error::custom)?;
        Ok(params)
    }
}
