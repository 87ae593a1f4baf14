//! `semid encode`.

use super::{InputArgs, PairArgs, PrefixArgs};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid encode --model model.safetensors --input items.npy --output codes.npy
  semid encode --model model.safetensors --input items.parquet \\
      --id-column name --output ids.csv
  semid encode --model model.safetensors --input items.npy --items keys.txt \\
      --output ids.csv
  semid encode --model model.safetensors --input items.npy --format token \\
      --output ids.jsonl
  semid encode --model model.safetensors --input items.npy --beam 8 \\
      --output codes.npy
  semid encode --model model.safetensors --input items.npy --candidates 5 \\
      --beam 16 --output candidates.jsonl
  semid encode --model balanced.safetensors --input new.npy \\
      --assignment priced --output codes.npy
  semid encode --model model.safetensors --input items.npy --capacity 250 \\
      --output codes.npy
  semid encode --model model.safetensors --input items.parquet \\
      --id-column name --pairs bought-together.csv --output ids.csv")]
pub(crate) struct EncodeArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Text file with the item keys, one per line, which the output has beside the semantic IDs
    #[arg(long, value_name = "FILE", conflicts_with = "id_column")]
    pub(crate) items: Option<PathBuf>,
    /// Codes to write as .npy, or semantic IDs as .csv, .jsonl or .parquet
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Form of the semantic IDs: 12-5-33 or <a_12><b_5><c_33>
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    pub(crate) format: Format,
    /// Text between the codes of a plain semantic ID
    #[arg(long, value_name = "TEXT", default_value = "-", allow_hyphen_values = true)]
    pub(crate) separator: String,
    /// Column of the input with the item keys, which the output has beside the semantic IDs, under the same name (under
    /// `item` if that is `id` or `codes`)
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// Keep up to B codes per row and level while looking for the codes of the smallest total distance, which no larger
    /// B makes larger; 1 takes the nearest codeword of every level. The width is at least K with --candidates K
    /// [default: that of `semid fit --refine-beam`, or else 1]
    #[arg(long, value_name = "B", conflicts_with = "capacity")]
    pub(crate) beam: Option<usize>,
    /// Write the K best codes of every row, with their squared distances, those of latents for a network and of rows of
    /// unit length for cosine: a line each in .csv, .jsonl and .parquet; in .npy the codes alone, K rows for each row
    #[arg(long, value_name = "K", conflicts_with = "capacity")]
    pub(crate) candidates: Option<usize>,
    /// How each level chooses a row's code
    #[arg(long, value_enum, default_value_t = Assignment::Nearest, help_heading = "Balanced clusters")]
    pub(crate) assignment: Assignment,
    /// Give each code of a level to at most N rows of the input, at the smallest total distance (plus prices, with
    /// --assignment priced); all rows together must fit in memory
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) capacity: Option<usize>,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Assignment {
    /// The nearest codeword
    Nearest,
    /// The codeword with the smallest distance plus price: near balance, for models fitted with --balanced
    Priced,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// 12-5-33
    Plain,
    /// <a_12><b_5><c_33>
    Token,
}
