//! `semid info`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid info --model model.safetensors
  semid info --model model.safetensors --json
  semid info --model model.safetensors --json | jq .parameters > fit.json")]
pub(crate) struct InfoArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
}
