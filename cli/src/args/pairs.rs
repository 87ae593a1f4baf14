//! Flags of items that occur together.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(next_help_heading = "Items that occur together")]
pub(crate) struct PairArgs {
    /// Mix every row with the mean of the rows of the items that it occurs with: the first two columns of this .csv,
    /// .tsv or .parquet file are the keys of two items that were bought or used together; a pair counts as often as it
    /// stands there. The rows are read once more and kept, in memory or in a temporary file
    #[arg(long, visible_alias = "smooth-pairs", value_name = "FILE")]
    pub(crate) pairs: Option<PathBuf>,
    /// Share of that mean in the mixed row, from 0 to 1 [default: 0.5, or what the model or,
    /// for a fit, --config says]
    #[arg(long, value_name = "W", value_parser = super::finite::<f64>, requires = "pairs")]
    pub(crate) pair_weight: Option<f64>,
}

/// The same flags for commands whose `--pairs` is a number.
#[derive(Debug, Args)]
#[command(next_help_heading = "Items that occur together")]
pub(crate) struct SmoothArgs {
    /// Mix every row with the mean of the rows of the items that it occurs with, before everything else, as `semid fit
    /// --pairs` does: the first two columns of this .csv, .tsv or .parquet file are the keys of two items; needs their
    /// keys, see --id-column
    #[arg(long, value_name = "FILE")]
    pub(crate) smooth_pairs: Option<PathBuf>,
    /// Share of that mean in the mixed row, from 0 to 1 [default: that of the model, or else 0.5]
    #[arg(long, value_name = "W", value_parser = super::finite::<f64>, requires = "smooth_pairs")]
    pub(crate) pair_weight: Option<f64>,
}

impl SmoothArgs {
    /// Returns the flags under the names that other commands have for them.
    pub(crate) fn pair_args(&self) -> PairArgs {
        PairArgs { pairs: self.smooth_pairs.clone(), pair_weight: self.pair_weight }
    }
}

/// Where the keys of items come from, for a command that has no other use for them.
#[derive(Debug, Args)]
#[command(next_help_heading = "Items that occur together")]
pub(crate) struct PairKeyArgs {
    /// Column of the input with the item keys, for --pairs
    #[arg(long, value_name = "NAME", requires = "pairs")]
    pub(crate) id_column: Option<String>,
    /// Text file with the item keys, one per line, for --pairs
    #[arg(long, value_name = "FILE", requires = "pairs", conflicts_with = "id_column")]
    pub(crate) items: Option<PathBuf>,
}
