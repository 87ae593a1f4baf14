//! Flags of the input, which all commands on embeddings share.

use clap::Args;
use semid::io::ReadOptions;
use std::path::PathBuf;

/// The files of embeddings, and their column or tensor.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Embeddings: .npy, .parquet, .safetensors or .fvecs; a folder, or a pattern such as 'part-*.parquet', stands for
    /// its files in the order of their names; several inputs are read one after the other
    #[arg(long, short, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) input: Vec<PathBuf>,
    /// Column of a parquet file [default: embedding, or the only column of lists of floats]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Tensor of a safetensors file [default: its only matrix of floats]
    #[arg(long, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
}

impl InputArgs {
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.column.clone_from(&self.column);
        options.tensor.clone_from(&self.tensor);
        options
    }

    /// Returns the name of the input in errors.
    pub(crate) fn name(&self) -> PathBuf {
        match self.input.as_slice() {
            [] => PathBuf::new(),
            [one] => one.clone(),
            [first, more @ ..] => format!("{} and {} more", first.display(), more.len()).into(),
        }
    }
}
