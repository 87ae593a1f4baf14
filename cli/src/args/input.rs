//! Flags of the input, which all commands on embeddings share.

use clap::{Args, ValueEnum};
use semid::io::{BadRows, FloatBytes, ReadOptions};
use serde::Deserialize;
use std::path::PathBuf;

/// The files of embeddings, and their column or tensor.
#[derive(Clone, Debug, Args)]
pub(crate) struct InputArgs {
    /// Embeddings: .npy, .npz, .parquet, .safetensors, .fvecs, .csv, .tsv or .jsonl; a folder, or a pattern
    /// such as 'part-*.parquet', stands for its files in the order of their names; several inputs are read one after
    /// the other; - is standard input
    #[arg(long, short, value_name = "FILE", required = true, num_args = 1.., help_heading = "Input")]
    pub(crate) input: Vec<PathBuf>,
    /// Column of a .parquet or .jsonl file [default: embedding, or the only column of lists of floats]; given again, as
    /// in --column text --column image, every row has several embeddings, which are scaled to equal mean squares and
    /// joined; a model keeps the scales and the columns, so commands that take a model need this only for a file in
    /// which they have other names
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) column: Vec<String>,
    /// Mean square, about its mean, to which each of several embeddings per row is scaled: 1,0.5 lets the second one
    /// have half the share of the first in squared distances [default: 1 for each]
    #[arg(
        long, value_name = "W", value_parser = super::finite::<f64>, value_delimiter = ',', help_heading = "Input"
    )]
    pub(crate) column_weight: Vec<f64>,
    /// Columns of a table that has one for every dimension: f0..f383, a,b,c, or the prefix f of f0, f1, ... [default
    /// for .csv and .tsv: all but those with item keys or labels]
    #[arg(long, value_name = "NAMES", conflicts_with = "column", help_heading = "Input")]
    pub(crate) columns: Option<String>,
    /// Floats that a column of bytes holds: f16le, bf16le, f32le or f64le
    #[arg(long = "as", value_name = "TYPE", help_heading = "Input")]
    pub(crate) bytes: Option<FloatBytes>,
    /// Tensor of a .safetensors file or array of an .npz file [default: its only matrix of floats]; given again, each
    /// has an embedding of every row, as with --column
    #[arg(long, value_name = "NAME", help_heading = "Input")]
    pub(crate) tensor: Vec<String>,
    /// Read .npy files of integers of up to 16 bits as embeddings, at the scale 1
    #[arg(long, help_heading = "Input")]
    pub(crate) integers: bool,
    /// What to do about rows with NaN, infinities or nulls, without values, or of another length [default: refuse]
    #[arg(long = "bad-rows", value_enum, value_name = "WHAT", help_heading = "Input")]
    pub(crate) on_bad_rows: Option<OnBadRows>,
    /// File to write all bad rows to, with their keys: .csv or .jsonl; with --bad-rows skip or list
    #[arg(long, value_name = "FILE", help_heading = "Input")]
    pub(crate) bad_rows_output: Option<PathBuf>,
    /// The file of parameters that says which column or tensor is read, where flags do not.
    #[arg(skip)]
    pub(crate) parameters: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum OnBadRows {
    /// Stop with an error that counts them and names the first
    Refuse,
    /// Leave them out: they are not fitted and get no code; row numbers stay those of the input
    Skip,
    /// Print them, and do nothing else; exit code 1 if there are any
    #[serde(skip)]
    List,
}

impl InputArgs {
    /// Returns the names of the embeddings of a row, where there are several; none where there is one.
    pub(crate) fn blocks(&self) -> &[String] {
        match (self.column.as_slice(), self.tensor.as_slice()) {
            (columns @ [_, _, ..], _) => columns,
            (_, tensors @ [_, _, ..]) => tensors,
            _ => &[],
        }
    }

    /// Returns whether flags name the only embedding of a row.
    pub(crate) fn has_one_column(&self) -> bool {
        self.blocks().is_empty() && !(self.column.is_empty() && self.tensor.is_empty())
    }

    /// Returns how to read the input; `beside` names columns that are no dimensions, and `blocks` the embeddings of a
    /// row where there are several.
    pub(crate) fn options(&self, beside: &[Option<&str>], blocks: &[String]) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.column = self.column.first().cloned();
        options.blocks = blocks.to_vec();
        options.columns.clone_from(&self.columns);
        options.tensor = self.tensor.first().cloned();
        options.bytes = self.bytes;
        options.integers = self.integers;
        options.beside = beside.iter().flatten().map(|name| (*name).to_owned()).collect();
        options.bad_rows = if self.bad_rows() == OnBadRows::Skip { BadRows::Skip } else { BadRows::Refuse };
        options
    }

    /// Returns what to do about bad rows.
    pub(crate) fn bad_rows(&self) -> OnBadRows {
        self.on_bad_rows.unwrap_or(OnBadRows::Refuse)
    }

    /// Returns the same flags for other files.
    pub(crate) fn of_files(&self, files: &[PathBuf]) -> Self {
        Self { input: files.to_vec(), bad_rows_output: None, ..self.clone() }
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

#[cfg(test)]
mod tests {
    use super::InputArgs;
    use clap::{Args as _, Command};
    use semid::io::EXTENSIONS;

    #[test]
    fn the_help_names_every_format_that_is_read() {
        let command = InputArgs::augment_args(Command::new("semid"));
        let input = command.get_arguments().find(|flag| flag.get_id() == "input").unwrap();
        let help = input.get_help().unwrap().to_string();
        let missing: Vec<_> = EXTENSIONS.iter().filter(|name| !help.contains(&format!(".{name}"))).collect();
        assert!(missing.is_empty(), "{missing:?} in {help}");
    }
}
