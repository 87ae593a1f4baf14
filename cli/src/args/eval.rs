//! Flags of `semid eval`.

use super::{InputArgs, KeyArgs, Metric};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE", required_unless_present = "ids")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Lengths of noise, in the unit of the embeddings: shows how many codes each could change, and by how much the
    /// nearest codeword beats the second one
    #[arg(long, value_name = "LENGTH", value_delimiter = ',')]
    pub(crate) noise: Vec<f64>,
    #[command(flatten)]
    pub(crate) ids: IdsArgs,
    /// Measure these codes (.npy) instead of the codes that the model gives
    #[arg(long, value_name = "FILE")]
    pub(crate) codes: Option<PathBuf>,
    /// Neighbours per row; 0 leaves out everything about neighbours, which takes most of the time
    #[arg(long, short, value_name = "K", default_value_t = 10)]
    pub(crate) k: usize,
    /// Search the neighbours of this many rows, chosen by the seed [default: all, or 10000 of more than 100000]
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// Maximum number of pairs of rows for the correlation of distances [default: 20000]
    #[arg(long, value_name = "N")]
    pub(crate) pairs: Option<usize>,
    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Column of the input with labels, such as categories, which items with a common prefix should share
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Text file with a label for every row, one per line
    #[arg(long, value_name = "FILE", conflicts_with = "label_column")]
    pub(crate) labels: Option<PathBuf>,
    /// Older model, or codes (.npy) of the same rows: shows how many rows keep their codes, on the levels that both
    /// have; with --ids, a file of older IDs, whose items are found by their keys
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
}

/// IDs that any tool made.
#[derive(Debug, Args)]
#[command(next_help_heading = "IDs that any tool made")]
pub(crate) struct IdsArgs {
    /// Measure the IDs in this file instead of a model: .csv, .tsv, .jsonl, .parquet, .json ({"key": ID, ...}) or .npy
    /// (codes); embeddings, given with --input, are joined by the items' keys
    #[arg(long, value_name = "FILE", conflicts_with_all = ["model", "codes", "noise"])]
    pub(crate) ids: Option<PathBuf>,
    /// Column of the keys in the file of IDs [default: item, item_id, key or row]
    #[arg(long, value_name = "NAME", requires = "ids")]
    pub(crate) ids_key: Option<String>,
    /// Column of the IDs, or the columns of all levels [default: codes, id, semantic_id or sid]
    #[arg(long, value_name = "NAME", requires = "ids", value_delimiter = ',')]
    pub(crate) ids_column: Vec<String>,
    /// Clusters of each level, so that codes that no item has count as dead [default: the largest code and 1]
    #[arg(long, value_name = "K", requires = "ids", value_delimiter = ',')]
    pub(crate) clusters: Vec<usize>,
    /// Column of the file of IDs (.csv, .tsv, .parquet) with how often each item is wanted, which weighs collisions
    #[arg(long, value_name = "NAME", requires = "ids")]
    pub(crate) weight_column: Option<String>,
    /// Pairs of keys of items that were used together (.csv, .tsv, .parquet: the first two columns): shows whether they
    /// share prefixes
    #[arg(long, value_name = "FILE", requires = "ids")]
    pub(crate) interactions: Option<PathBuf>,
    /// How embeddings are compared
    #[arg(long, value_enum, value_name = "METRIC", default_value_t = Metric::L2)]
    pub(crate) metric: Metric,
    /// Items that share an ID are near duplicates if they are nearer than this share of all pairs of items
    #[arg(long, value_name = "SHARE", default_value_t = 0.001)]
    pub(crate) near_quantile: f64,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
}

/// Makes embeddings optional, because IDs can be measured without them.
pub(super) fn of_eval(flag: clap::Arg) -> clap::Arg {
    match flag.get_id().as_str() {
        "input" => flag.required(false).required_unless_present("ids"),
        "id_column" => flag.help("Column of the input with the items' keys, by which rows are joined with IDs"),
        _ => flag,
    }
}
