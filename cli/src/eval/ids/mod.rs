//! `semid eval --ids`: judges IDs that any tool made.

mod embedded;
mod text;

use crate::args::{Common, EvalArgs, IdsArgs};
use crate::output::{self, Answer, Failure, Outcome};
use embedded::Embedded;
use semid::mapping::{
    Churn, CoOccurrence, FanOut, Mapping, MappingOptions, WeightedCollisions, read_numbers, read_pairs,
};
use semid::metrics::CodeMetrics;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Judged {
    #[serde(flatten)]
    codes: CodeMetrics,
    recall_ceiling: Vec<Ceiling>,
    fan_out: Vec<FanOut>,
    #[serde(flatten)]
    weighted: Option<WeightedCollisions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    co_occurrence: Option<CoOccurrence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    churn: Option<Churn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    embeddings: Option<Embedded>,
    seed: u64,
    seconds: f64,
}

/// The best recall that a recommender can reach with these IDs.
#[derive(Serialize)]
struct Ceiling {
    k: u64,
    recall: f64,
}

pub(super) fn run(common: &Common, args: &EvalArgs) -> Outcome {
    let start = Instant::now();
    let own = &args.ids;
    let path = own.ids.as_deref().unwrap_or(Path::new(""));
    without_input(args)?;
    let options = options(own);
    let mapping = Mapping::read(path, &options)?;
    let failed = |error: semid::Error| Failure::of_file(error, path);
    let mapping = mapping.with_clusters(&own.clusters).map_err(failed)?;
    let mut ks = vec![1, args.k.max(1) as u64];
    ks.dedup();
    let ceiling = |k: u64| Ok(Ceiling { k, recall: mapping.recall_ceiling(k)? });
    let judged = Judged {
        codes: mapping.metrics().map_err(failed)?,
        recall_ceiling: ks.into_iter().map(ceiling).collect::<semid::Result<_>>().map_err(failed)?,
        fan_out: mapping.fan_out(),
        weighted: own.weight_column.as_deref().map(|column| weighted(&mapping, path, &options, column)).transpose()?,
        co_occurrence: own
            .interactions
            .as_deref()
            .map(|pairs| co_occurrence(&mapping, pairs, args.seed))
            .transpose()?,
        churn: args.against.as_deref().map(|older| churn(&mapping, older, &options)).transpose()?,
        embeddings: Embedded::measure(common, args, &mapping)?,
        seed: args.seed,
        seconds: start.elapsed().as_secs_f64(),
    };
    output::result(common.json, &judged, || text::text(&judged))?;
    Ok(Answer::Yes)
}

/// Refuses flags about embeddings where there are none.
fn without_input(args: &EvalArgs) -> Result<(), Failure> {
    let given = [
        ("sample", args.sample.is_some()),
        ("pairs", args.pairs.is_some()),
        ("label-column", args.label_column.is_some()),
        ("labels", args.labels.is_some()),
        ("id-column", args.ids.keys.id_column.is_some()),
        ("items", args.ids.keys.items.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given && args.input.input.is_empty()) {
        Some((flag, _)) => {
            Err(Failure::Error(format!("--{flag} is about embeddings; give them with --input, or leave --{flag} out")))
        }
        None => Ok(()),
    }
}

fn options(args: &IdsArgs) -> MappingOptions {
    let mut options = MappingOptions::default();
    options.key_column.clone_from(&args.ids_key);
    options.id_columns.clone_from(&args.ids_column);
    options
}

/// Weighs the collisions with a column of the file of IDs.
fn weighted(
    mapping: &Mapping,
    path: &Path,
    options: &MappingOptions,
    column: &str,
) -> Result<WeightedCollisions, Failure> {
    let weights: HashMap<String, f64> = read_numbers(path, options, column)?.into_iter().collect();
    let of_items: Vec<f64> = mapping.keys().iter().map(|key| weights.get(key).copied().unwrap_or(0.0)).collect();
    mapping.weighted_collisions(&of_items).map_err(|error| Failure::of_file(error, path))
}

fn co_occurrence(mapping: &Mapping, path: &Path, seed: u64) -> Result<CoOccurrence, Failure> {
    let pairs = read_pairs(path, None)?;
    mapping.co_occurrence(&pairs, seed).map_err(|error| Failure::of_file(error, path))
}

fn churn(mapping: &Mapping, path: &Path, options: &MappingOptions) -> Result<Churn, Failure> {
    let older = Mapping::read(path, options)?;
    mapping.churn(&older).map_err(|error| Failure::of_file(error, path))
}
