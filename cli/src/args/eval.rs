//! Flags of `semid eval`.

use super::InputArgs;
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct EvalArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
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
    /// Column of a parquet input with labels, such as categories, which items with a common prefix should share
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Text file with a label for every row, one per line
    #[arg(long, value_name = "FILE", conflicts_with = "label_column")]
    pub(crate) labels: Option<PathBuf>,
    /// Older model, or codes (.npy) of the same rows: shows how many rows keep their codes, on the levels that both
    /// have
    #[arg(long, value_name = "FILE")]
    pub(crate) against: Option<PathBuf>,
}
