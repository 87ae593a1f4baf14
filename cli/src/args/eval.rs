//! Flags of `semid eval`.

use super::ids::{of_weights, without_input};
use super::{IdsArgs, InputArgs, KeyArgs, PrefixArgs, SmoothArgs, WeightArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid eval --model model.safetensors --input items.npy
  semid eval --model model.safetensors --input items.parquet \\
      --label-column category --sample 5000
  semid eval --model new.safetensors --input items.npy \\
      --against old.safetensors --k 0 --json
  semid eval --model model.safetensors --input items.parquet \\
      --id-column name --interactions test.csv --smooth-pairs train.csv
  semid eval --ids ids.csv
  semid eval --ids index.json --input items.parquet --id-column name \\
      --interactions bought-together.csv
  semid eval --ids new.parquet --against old.parquet --weight-column sales

Numbers measured on a sample are shown as value +- half of their 95 % confidence interval.")]
pub(crate) struct EvalArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE", required_unless_present = "ids")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Lengths of noise, in the unit of the embeddings: shows how many codes each could change, and by how much the
    /// nearest codeword beats the second one
    #[arg(
        long, value_name = "LENGTH", value_delimiter = ',', value_parser = super::finite::<f64>, conflicts_with = "ids"
    )]
    pub(crate) noise: Vec<f64>,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// Measure these codes (.npy) instead of the codes that the model gives
    #[arg(long, value_name = "FILE", conflicts_with = "ids")]
    pub(crate) codes: Option<PathBuf>,
    /// Encode by a beam of this width before measuring, see `semid encode --beam`; 1 takes the nearest codeword of
    /// every level [default: that of the model]
    #[arg(long, value_name = "B", conflicts_with_all = ["ids", "codes"])]
    pub(crate) beam: Option<usize>,
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
    /// With --model, text file with the weight of every row, one per line, which weighs errors,
    /// collisions, recall and NDCG
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ids", "weight_column"])]
    pub(crate) weights: Option<PathBuf>,
    /// With --model, step of the weights, such as 0.01, see `semid fit --weight-step` [default: 1]
    #[arg(long, value_name = "STEP", conflicts_with = "ids")]
    pub(crate) weight_step: Option<String>,
    /// Column of the input with labels, such as categories, which items with a common prefix should share; rows without
    /// one are left out there
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Text file with a label for every row, one per line, which is empty for a row without one
    #[arg(long, value_name = "FILE", conflicts_with = "label_column")]
    pub(crate) labels: Option<PathBuf>,
    /// Older model, or codes (.npy) of the same rows: shows how many rows keep their codes, on the levels that both
    /// have; with --ids, a file of older IDs, whose items are found by their keys
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) ids: IdsArgs,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    #[command(flatten)]
    pub(crate) smooth: SmoothArgs,
}

impl EvalArgs {
    /// Returns the flags of weights of the rows.
    pub(crate) fn weight_args(&self) -> WeightArgs {
        let (weight_column, weights) = (self.ids.weight_column.clone(), self.weights.clone());
        WeightArgs { weight_column, weights, weight_step: self.weight_step.clone() }
    }
}

/// Makes embeddings optional, because IDs can be measured without them.
pub(super) fn of_eval(flag: clap::Arg) -> clap::Arg {
    match flag.get_id().as_str() {
        "id_column" => flag.help(
            "Column of the input with the items' keys, by which rows are joined with IDs and with pairs of items",
        ),
        "smooth_pairs" => flag.conflicts_with_all(["ids", "codes"]),
        _ => of_weights(without_input(flag)),
    }
}
