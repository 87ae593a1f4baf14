//! Flags of `semid export`.

use super::{NamespaceArgs, TemplateArgs};
use crate::place::Place;
use clap::{Args, ValueEnum, ValueHint};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid export --db ids.db --output ids.csv
  semid export --db ids.db --output index.json --base 1
  semid export --db ids.db --output added_tokens.json \\
      --tokenizer base/tokenizer.json
  semid export --db ids.db --output trie.safetensors --first-token 32000
  semid export --db ids.db --output index.json \\
      --token-template \"<item_L{level0}_C{code}>\"
  semid export --db ids.db --output ids.csv \\
      --token-template \"<s_{level}_{code}>\" --begin \"<sid>\" --end \"</sid>\"
  semid export --db ids.db --kind hf --output for-my-model \\
      --tokenizer base/tokenizer.json
  semid export --db engine.db --output index.npz --kind static
  semid export --db engine.db --output sids.json --packed
  semid export --db ids.db --output copy.db

Token ids are the same in all files of a registry: first those of --begin and --end, then a block for each level; the \
last block is for suffixes and grows.

The root of a trie is node 0. Node n has the edges indptr[n] to indptr[n + 1] - 1; edge e has the token tokens[e] and \
leads to node children[e]. The ID of item items[n] ends at node n, or no ID if items[n] is -1; longer IDs may go on \
from there. The key of item i is the UTF-8 in item_keys[item_offsets[i]] to item_keys[item_offsets[i + 1] - 1].")]
pub(crate) struct ExportArgs {
    /// Database of semantic IDs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Place,
    #[command(flatten)]
    pub(crate) namespace: NamespaceArgs,
    /// File to write, or folder for --kind hf
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What to write [default: chosen by the name of the output]
    #[arg(long, value_enum)]
    pub(crate) kind: Option<ExportKind>,
    /// Number of code 0 in the names of tokens: 0 for <a_0>, 1 for <a_1> [default: 0]
    #[arg(long, value_name = "0|1", value_parser = clap::value_parser!(u32).range(..=1))]
    pub(crate) base: Option<u32>,
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
    /// The id of the first token: the number of tokens of the tokenizer that they are added to, `len(tokenizer)`, and
    /// not the rows of the model's embeddings, which may be padded; 0 for a vocabulary of these tokens alone
    #[arg(long, value_name = "N", conflicts_with = "tokenizer")]
    pub(crate) first_token: Option<u64>,
    /// The tokenizer.json that the tokens are added to, which says the id of the first one
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    /// Write each ID of sid-json as one integer, its codes being digits to this base
    #[arg(long, value_name = "BASE", conflicts_with = "end_code", num_args = 0..=1, default_missing_value = "8192")]
    pub(crate) packed: Option<u64>,
    /// Add the code of FlashRec's end mark, 1, to each ID of sid-json: "12,5,33,1"
    #[arg(long)]
    pub(crate) end_code: bool,
    /// First levels of a static index with dense tables [default: 2, or 1 for IDs of two codes]
    #[arg(long, value_name = "1|2", value_parser = clap::value_parser!(u8).range(1..=2))]
    pub(crate) dense_levels: Option<u8>,
    /// Codes that the decoder of a static index scores on each level [default: those of the largest level]
    #[arg(long, value_name = "V")]
    pub(crate) vocab_size: Option<u64>,
    /// Name of the column of item keys in .csv, .jsonl and .parquet [default: item]
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportKind {
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
    /// A folder with added tokens, trie, tokenizer settings, a LogitsProcessor and a model card for `transformers`
    Hf,
    /// The index of STATIC, for decoding on accelerators; all IDs need the same depth, in any .npz or
    /// static.safetensors
    Static,
    /// {"12,5,33": 1, ...}, the catalogue that FlashRec reads; all IDs need the same depth, in sids.json
    SidJson,
    /// A copy of the whole database with all its namespaces as of one moment, even while others write to it, in any .db
    Engine,
}

impl ExportKind {
    /// Whether the file says which token has which id.
    pub(crate) fn has_token_ids(self) -> bool {
        matches!(self, Self::Vocabulary | Self::AddedTokens | Self::Trie | Self::Hf)
    }
}
