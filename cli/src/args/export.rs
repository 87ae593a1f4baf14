//! The flags of `semid export`.

use clap::{Args, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// Database of semantic IDs
    #[arg(long, value_name = "FILE")]
    pub(crate) db: PathBuf,
    /// File to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What to write [default: what the name of the output says]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// The number of code 0 in the names of tokens: 0 for <a_0>, 1 for <a_1>
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1))]
    pub(crate) base: u32,
    /// The id of the first token: the size of the vocabulary that the tokens are added to
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) first_token: u64,
    /// Name of the column of item keys in .csv, .jsonl and .parquet [default: item]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Items with their IDs as text: any .csv, .jsonl or .parquet
    Ids,
    /// {"item": ["<a_12>", "<b_5>", "<c_33>"], ...}: index.json
    Index,
    /// The tokens of each level and their ids: vocabulary.json
    Vocabulary,
    /// {"<a_0>": 32000, ...}: added_tokens.json
    AddedTokens,
    /// Which tokens may follow which: any .safetensors
    Trie,
    /// A copy of the whole database as of one moment, also while others write: any .db
    Engine,
}
