//! `semid decode`.

use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid decode --model model.safetensors --input codes.npy --output decoded.npy
  semid decode --model model.safetensors --input codes.npy --levels 1 \\
      --output coarse.npy")]
pub(crate) struct DecodeArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Codes, as `semid encode` writes them to .npy
    #[arg(long, short, visible_alias = "codes", value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Embeddings to write, .npy
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Use only the first L levels [default: all levels that the codes have]
    #[arg(long, short, value_name = "L")]
    pub(crate) levels: Option<usize>,
}
