//! Judges IDs that any tool made, for `semid eval --ids` and `semid report --ids`.

mod embedded;

pub(crate) use embedded::{Embedded, Kinds};

use crate::args::{Common, IdsArgs, InputArgs, KeyArgs};
use crate::output::{self, Failure};
use crate::warnings;
use semid::mapping::{Churn, CoOccurrence, FanOut, Mapping, MappingOptions, WeightedCollisions, read_pairs};
use semid::metrics::CodeMetrics;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The items of a recommender's list where no flag says how many it has.
const K: usize = 10;

/// What the flags ask for.
pub(crate) struct AskedOfIds<'a> {
    pub(crate) ids: &'a IdsArgs,
    pub(crate) input: &'a InputArgs,
    pub(crate) keys: &'a KeyArgs,
    /// Column and file of labels.
    pub(crate) labels: (Option<&'a str>, Option<&'a Path>),
    pub(crate) against: Option<&'a Path>,
    /// The number of neighbours; by default as many as there are, up to 10.
    pub(crate) k: Option<usize>,
    pub(crate) sample: Option<usize>,
    pub(crate) pairs: Option<usize>,
    pub(crate) seed: u64,
    /// A file that will be written, which must be none of those that are read.
    pub(crate) output: Option<&'a Path>,
}

/// What `--json` of `semid eval` prints.
#[derive(Serialize)]
pub(crate) struct Judged {
    #[serde(skip)]
    pub(crate) mapping: Mapping,
    /// Rows of the file of IDs that have no codes.
    #[serde(skip_serializing_if = "output::is_zero")]
    pub(crate) rows_without_codes: usize,
    #[serde(flatten)]
    pub(crate) codes: CodeMetrics,
    pub(crate) recall_ceiling: Vec<Ceiling>,
    pub(crate) fan_out: Vec<FanOut>,
    #[serde(flatten)]
    pub(crate) weighted: Option<WeightedCollisions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) co_occurrence: Option<CoOccurrence>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) churn: Option<Churn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) embeddings: Option<Embedded>,
    pub(crate) seed: u64,
    pub(crate) seconds: f64,
    pub(crate) warnings: Vec<String>,
}

/// The best recall that a recommender can reach with these IDs.
#[derive(Serialize)]
pub(crate) struct Ceiling {
    pub(crate) k: u64,
    pub(crate) recall: f64,
}

/// Reads the IDs, and measures all that the flags ask for.
pub(crate) fn judge(common: &Common, asked: &AskedOfIds<'_>) -> Result<Judged, Failure> {
    let start = Instant::now();
    let own = asked.ids;
    let path = own.ids.as_deref().unwrap_or(Path::new(""));
    let read = [own.ids.as_deref(), own.interactions.as_deref(), asked.against, asked.keys.items.as_deref()];
    for file in read.into_iter().chain([asked.labels.1]).flatten() {
        asked.output.map_or(Ok(()), |output| output::differs(output, file))?;
    }
    let options = options(own)?;
    let mapping = Mapping::read(path, &options)?;
    let failed = |error: semid::Error| Failure::of_file(error, path);
    let mapping = mapping.with_clusters(&own.clusters).map_err(failed)?;
    let sizes = mapping.sizes();
    let mut ks = vec![1, asked.k.unwrap_or(K).max(1) as u64];
    ks.dedup();
    let weighted = mapping.weights().map(|weights| mapping.weighted_collisions(weights)).transpose();
    let codes = mapping.metrics().map_err(failed)?;
    let embeddings = Embedded::measure(common, asked, &mapping)?;
    let of_rows = embeddings.as_ref().map(|embedded| embedded.warnings.clone()).unwrap_or_default();
    Ok(Judged {
        warnings: [Vec::from_iter(without_codes(&mapping, path)), of_rows, warnings::levels(&codes)].concat(),
        rows_without_codes: mapping.left_out(),
        codes,
        recall_ceiling: ks.into_iter().map(|k| Ceiling { k, recall: sizes.recall_ceiling(k) }).collect(),
        fan_out: mapping.fan_out(),
        weighted: weighted.map_err(failed)?,
        co_occurrence: own
            .interactions
            .as_deref()
            .map(|pairs| co_occurrence(&mapping, pairs, asked.seed))
            .transpose()?,
        churn: asked.against.map(|older| churn(&mapping, older, &options)).transpose()?,
        embeddings,
        mapping,
        seed: asked.seed,
        seconds: start.elapsed().as_secs_f64(),
    })
}

fn options(args: &IdsArgs) -> semid::Result<MappingOptions> {
    let mut options = MappingOptions::default();
    options.key_column.clone_from(&args.ids_key);
    options.id_columns.clone_from(&args.ids_column);
    options.weight_column.clone_from(&args.weight_column);
    options.template = args.template()?;
    Ok(options)
}

/// Says how many rows of the file have no codes.
fn without_codes(mapping: &Mapping, path: &Path) -> Option<String> {
    let (without, all) = (mapping.left_out(), mapping.left_out() + mapping.keys().len());
    let have = if without == 1 { "has" } else { "have" };
    (without > 0).then(|| format!("{}: {without} of {all} rows {have} no codes, and are left out", path.display()))
}

fn co_occurrence(mapping: &Mapping, path: &Path, seed: u64) -> Result<CoOccurrence, Failure> {
    let pairs = read_pairs(path, None)?;
    mapping.co_occurrence(&pairs, seed).map_err(|error| Failure::of_file(error, path))
}

fn churn(mapping: &Mapping, path: &Path, options: &MappingOptions) -> Result<Churn, Failure> {
    let mut options = options.clone();
    options.weight_column = None;
    let older = Mapping::read(path, &options)?;
    mapping.churn(&older).map_err(|error| Failure::of_file(error, path))
}
