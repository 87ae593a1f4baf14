//! Flags of `semid export`.

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
    /// What to write [default: chosen by the name of the output]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<Kind>,
    /// Number of code 0 in the names of tokens: 0 for <a_0>, 1 for <a_1>
    #[arg(long, value_name = "0|1", default_value_t = 0, value_parser = clap::value_parser!(u32).range(..=1))]
    pub(crate) base: u32,
    /// Id of the first token: the size of the vocabulary that the tokens are added to
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) first_token: u64,
    /// Name of the column of item keys in .csv, .jsonl and .parquet [default: item]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// Item keys and their IDs as text, in any .csv, .jsonl or .parquet
    Ids,
    /// {"item": ["<a_12>", "<b_5>", "<c_33>"], ...} in index.json
    Index,
    /// The tokens of each level and their ids, in vocabulary.json
    Vocabulary,
    /// {"<a_0>": 32000, ...} in added_tokens.json
    AddedTokens,
    /// A trie that tells which tokens may follow which, in any .safetensors
    Trie,
    /// A copy of the whole database as of one moment, even while others write to it, in any .db
    Engine,
}
