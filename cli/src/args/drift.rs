//! Flags of `semid drift`.

use super::{InputArgs, PrefixArgs, Share};
use clap::Args;
use std::num::NonZeroUsize;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid drift --model model.safetensors --input new.npy --baseline old.npy
  semid drift --model model.safetensors --input new.npy --baseline old.npy \\
      --max-error-rise 5% --max-psi 0.1 --json
  semid drift --model model.safetensors --input new.parquet \\
      --baseline old.parquet || semid fit --input new.parquet \\
      --warm-start model.safetensors --freeze-levels 1 \\
      --output newer.safetensors

The population stability index compares how often the codes of a level are used: above 0.25 it says that they are used \
in other proportions. The share moved is how many rows would need another code for both to be used alike. A margin is \
the squared distance to the second nearest codeword less that to the nearest.")]
pub(crate) struct DriftArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Older embeddings to compare with, best some that the model was not fitted to: those of the fit are nearer to its
    /// codewords, so that errors and margins within a wide estimate of that tell nothing; they are read as --input is
    #[arg(long, value_name = "FILE", required = true, num_args = 1.., help_heading = "Input")]
    pub(crate) baseline: Vec<PathBuf>,
    /// Maximum by which the population stability index of a level may exceed the one that chance gives
    #[arg(long, value_name = "INDEX", default_value_t = 0.25, value_parser = super::finite::<f64>,
          help_heading = "Limits")]
    pub(crate) max_psi: f64,
    /// Maximum by which the squared error after a level may rise beyond chance, as a share of the baseline's
    #[arg(long, value_name = "SHARE", default_value = "10%", value_parser = super::limit,
          help_heading = "Limits")]
    pub(crate) max_error_rise: Share,
    /// Maximum by which the median margin of a level may fall beyond chance, as a share of the baseline's
    #[arg(long, value_name = "SHARE", default_value = "25%", value_parser = super::limit,
          help_heading = "Limits")]
    pub(crate) max_margin_loss: Share,
    /// Maximum by which the share of values beyond the grid may exceed the baseline's
    #[arg(long, value_name = "SHARE", default_value = "0.1%", value_parser = super::limit,
          help_heading = "Limits")]
    pub(crate) max_saturated: Share,
    /// Measure the margins of this many rows of each side, chosen by the seed
    #[arg(long, value_name = "N", default_value_t = NonZeroUsize::MIN.saturating_add(9_999))]
    pub(crate) sample: NonZeroUsize,
    /// Seed of the sample
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    /// Text file with the label of every row of the baseline, as --prefix-labels has those of the input
    #[arg(long, value_name = "FILE", requires = "prefix_labels", help_heading = "Levels from labels")]
    pub(crate) baseline_labels: Vec<PathBuf>,
}
