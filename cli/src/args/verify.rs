//! `semid verify`.

use super::{InputArgs, PrefixArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid verify --model model.safetensors --input items.npy
  semid verify --model model.safetensors --input items.npy --device cpu \\
      --device gpu --all")]
pub(crate) struct VerifyArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Rows to compare on all devices, evenly spread over the input; fast devices also compare all rows
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) rows: usize,
    /// Compare all rows on all devices, however slow
    #[arg(long, conflicts_with = "rows")]
    pub(crate) all: bool,
    /// Flip one bit in the codes of this device, to show that the difference is found
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) plant_difference: Option<String>,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
}
