//! How the first files named the parameters of residual k-means: format 1 of the lines of sweeps.
//!
//! This is frozen. A parameter that came later appears only where it is set, because no such line is of a fit that sets
//! it.

use super::params::{Algorithm, Clusters, Hierarchical, Init, Metric, MiniBatch, RqKMeans};
use std::fmt::Debug;

/// Names and values of all parameters but levels, clusters, seed and sizes.
pub(crate) fn settings(params: &RqKMeans) -> Vec<(&'static str, String)> {
    let init = match params.init {
        Init::KMeansPlusPlus => "KMeansPlusPlus",
        Init::Random => "Random",
        Init::Hierarchical => "Hierarchical",
    };
    let metric = match params.metric {
        Metric::L2 => "L2",
        Metric::Cosine => "Cosine",
    };
    let algorithm = match params.algorithm {
        Algorithm::Lloyd => "Lloyd".to_owned(),
        Algorithm::MiniBatch(MiniBatch { batch, init_buffer, layer_wise }) => {
            let fields = format!("batch: {batch}, init_buffer: {init_buffer}, layer_wise: {layer_wise}");
            format!("MiniBatch(MiniBatch {{ {fields} }})")
        }
        Algorithm::Hierarchical(Hierarchical { full_iter }) => format!("Hierarchical({full_iter})"),
    };
    let refined = (params.refine > 0).then(|| ("refine", params.refine.to_string()));
    let known = [
        ("max_iter", params.max_iter.to_string()),
        ("tol", format!("{:?}", params.tol)),
        ("n_init", params.n_init.to_string()),
        ("init", init.to_owned()),
        ("metric", metric.to_owned()),
        ("normalize_residuals", params.normalize_residuals.to_string()),
        ("algorithm", algorithm),
        ("sinkhorn", option(params.sinkhorn)),
        ("sample", option(params.sample)),
        ("center", params.center.to_string()),
    ];
    known.into_iter().chain(refined).collect()
}

/// Numbers of the standard library, or tuples of them, whose form does not change.
pub(crate) fn option<T: Debug>(value: Option<T>) -> String {
    value.map_or("None".to_owned(), |value| format!("Some({value:?})"))
}

pub(crate) fn clusters(clusters: &Clusters) -> String {
    match clusters {
        Clusters::Same(clusters) => format!("Same({clusters})"),
        Clusters::PerLevel(list) => format!("PerLevel({list:?})"),
    }
}
