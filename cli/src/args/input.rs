//! Flags of what is read, which all commands about embeddings share.

use clap::Args;
use semid::io::ReadOptions;
use std::path::PathBuf;

/// Where embeddings come from.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Embeddings: .npy, .parquet, .safetensors or .fvecs; a folder or a pattern as 'part-*.parquet' for the files in
    /// it, in the order of their names; several are read one after the other
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

    /// What errors call the input.
    pub(crate) fn name(&self) -> PathBuf {
        match self.input.as_slice() {
            [] => PathBuf::new(),
            [one] => one.clone(),
            [first, more @ ..] => format!("{} and {} more", first.display(), more.len()).into(),
        }
    }
}
