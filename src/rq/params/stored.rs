//! Parameters as they stand in files: named fields, with a version.
//!
//! A new parameter is a new field here whose default means what was done before there was it; files without the field
//! then keep their meaning. A field whose meaning changes needs a new version.

use super::{Algorithm, Clusters, Hierarchical, Init, Metric, MiniBatch, RqKMeans};
use crate::error::Error;
use crate::fields::{VERSION, check_version};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use serde::{Deserialize, Serialize};
use std::fmt;

/// What the `kind` of residual k-means is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
enum KMeansKind {
    #[serde(rename = "rq-kmeans")]
    RqKMeans,
}

/// [`RqKMeans`], field by field.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct StoredKMeans {
    kind: KMeansKind,
    version: u32,
    levels: Option<usize>,
    clusters: Clusters,
    seed: u64,
    max_iter: usize,
    tol: f64,
    n_init: usize,
    init: Init,
    metric: Metric,
    normalize_residuals: bool,
    algorithm: Algorithm,
    /// Bounds of the rows of a cluster, where clusters are balanced.
    sizes: Option<SizeBounds>,
    sinkhorn: Option<SinkhornFields>,
    sample: Option<usize>,
    center: bool,
    refine: usize,
    refine_beam: usize,
}

/// Bounds of sizes; the one that is missing is that of balanced clusters.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SizeBounds {
    max: Option<usize>,
    min: Option<usize>,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SinkhornFields {
    epsilon: f64,
    #[serde(default = "iterations")]
    iterations: usize,
}

/// Iterations of Sinkhorn where a file names none.
fn iterations() -> usize {
    50
}

impl Default for StoredKMeans {
    /// The defaults of fields that a file leaves out; `levels` then follow `clusters`.
    fn default() -> Self {
        Self { levels: None, ..RqKMeans::default().into() }
    }
}

impl From<RqKMeans> for StoredKMeans {
    fn from(params: RqKMeans) -> Self {
        // Without `..`, so that no parameter is forgotten.
        let RqKMeans {
            levels,
            clusters,
            seed,
            max_iter,
            tol,
            n_init,
            init,
            metric,
            normalize_residuals,
            algorithm,
            sizes,
            sinkhorn,
            sample,
            center,
            refine,
            refine_beam,
        } = params;
        Self {
            kind: KMeansKind::RqKMeans,
            version: VERSION,
            levels: Some(levels),
            clusters,
            seed,
            max_iter,
            tol,
            n_init,
            init,
            metric,
            normalize_residuals,
            algorithm,
            sizes: sizes.map(|(min, max)| SizeBounds { max, min }),
            sinkhorn: sinkhorn.map(|(epsilon, iterations)| SinkhornFields { epsilon, iterations }),
            sample,
            center,
            refine,
            refine_beam,
        }
    }
}

impl TryFrom<StoredKMeans> for RqKMeans {
    type Error = Error;

    fn try_from(stored: StoredKMeans) -> Result<Self, Error> {
        check_version(stored.version)?;
        let levels = stored.levels.unwrap_or_else(|| stored.clusters.default_levels());
        let params = Self {
            levels,
            clusters: stored.clusters,
            seed: stored.seed,
            max_iter: stored.max_iter,
            tol: stored.tol,
            n_init: stored.n_init,
            init: stored.init,
            metric: stored.metric,
            normalize_residuals: stored.normalize_residuals,
            algorithm: stored.algorithm,
            sizes: stored.sizes.map(|SizeBounds { max, min }| (min, max)),
            sinkhorn: stored.sinkhorn.map(|SinkhornFields { epsilon, iterations }| (epsilon, iterations)),
            sample: stored.sample,
            center: stored.center,
            refine: stored.refine,
            refine_beam: stored.refine_beam,
        };
        params.check_alone()?;
        Ok(params)
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NameOrObject)
    }
}

/// Reads the name alone, and the name with parameters.
struct NameOrObject;

impl<'de> Visitor<'de> for NameOrObject {
    type Value = Algorithm;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`lloyd`, `mini-batch`, `hierarchical`, or one of the last two with its parameters")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Algorithm, E> {
        match name {
            "lloyd" => Ok(Algorithm::Lloyd),
            "mini-batch" => Ok(Algorithm::MiniBatch(MiniBatch::default())),
            "hierarchical" => Ok(Algorithm::Hierarchical(Hierarchical::default())),
            _ => Err(E::unknown_variant(name, &["lloyd", "mini-batch", "hierarchical"])),
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Algorithm, A::Error> {
        #[derive(Deserialize)]
        #[serde(rename_all = "kebab-case")]
        enum Named {
            MiniBatch(MiniBatch),
            Hierarchical(Hierarchical),
        }
        Ok(match Named::deserialize(MapAccessDeserializer::new(map))? {
            Named::MiniBatch(params) => Algorithm::MiniBatch(params),
            Named::Hierarchical(params) => Algorithm::Hierarchical(params),
        })
    }
}
