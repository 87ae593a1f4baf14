//! Flags about IDs that any tool made.

use super::Metric;
use clap::Args;
use semid::Result;
use semid::registry::TokenTemplate;
use std::path::PathBuf;

/// IDs that any tool made.
#[derive(Debug, Args)]
#[command(next_help_heading = "IDs that any tool made")]
pub(crate) struct IdsArgs {
    /// Judge the IDs in this file instead of a model: .csv, .tsv, .jsonl, .parquet, .json ({"key": ID, ...}) or .npy
    /// (codes); embeddings, given with --input, are joined by the items' keys
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(crate) ids: Option<PathBuf>,
    /// Column of the keys in the file of IDs [default: item, item_id, key or row]
    #[arg(long, value_name = "NAME", conflicts_with = "model")]
    pub(crate) ids_key: Option<String>,
    /// Column of the IDs, or the columns of all levels [default: id, semantic_id, sid or codes]
    #[arg(long, value_name = "NAME", conflicts_with = "model", value_delimiter = ',')]
    pub(crate) ids_column: Vec<String>,
    /// Clusters of each level, so that codes that no item has count as dead [default: one more than the
    /// largest code]
    #[arg(long, value_name = "K", conflicts_with = "model", value_delimiter = ',')]
    pub(crate) clusters: Vec<usize>,
    /// Column of the file of IDs (.csv, .tsv, .jsonl, .parquet) that says how often each item is wanted, which
    /// weighs collisions
    #[arg(long, value_name = "NAME")]
    pub(crate) weight_column: Option<String>,
    /// Pairs of keys of items that were used together (.csv, .tsv, .parquet: the first two columns): shows whether they
    /// share prefixes; with --model, the keys of the rows are needed, see --id-column
    #[arg(long, value_name = "FILE")]
    pub(crate) interactions: Option<PathBuf>,
    /// Text of the tokens in the file of IDs, with {code}, and {level}, {level0} or {level1}, as for `semid export`
    /// [default: any tokens <...> that end in the code]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, conflicts_with = "model")]
    pub(crate) token_template: Option<String>,
    /// Token before those of an ID, such as <|sid_begin|>; needed if it is not written as <...> or ends in a number
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true, conflicts_with = "model")]
    pub(crate) begin: Option<String>,
    /// Token after those of an ID
    #[arg(long, value_name = "TOKEN", allow_hyphen_values = true, conflicts_with = "model")]
    pub(crate) end: Option<String>,
    /// How embeddings are compared
    #[arg(long, value_enum, value_name = "METRIC", default_value_t = Metric::L2, conflicts_with = "model")]
    pub(crate) metric: Metric,
    /// Items that share an ID are near duplicates if they are nearer than this share of all pairs of items [default:
    /// 0.001]
    #[arg(long, value_name = "SHARE", conflicts_with = "model")]
    pub(crate) near_quantile: Option<f64>,
}

impl IdsArgs {
    /// Returns how tokens are written, if a flag says it.
    pub(crate) fn template(&self) -> Result<Option<TokenTemplate>> {
        let Self { token_template, begin, end, .. } = self;
        if token_template.is_none() && begin.is_none() && end.is_none() {
            return Ok(None);
        }
        let mut template = token_template.as_deref().map(TokenTemplate::new).transpose()?.unwrap_or_default();
        if let Some(mark) = begin {
            template = template.begin(mark)?;
        }
        if let Some(mark) = end {
            template = template.end(mark)?;
        }
        Ok(Some(template))
    }
}

/// Says what a column of weights is for, with IDs and with a model.
pub(super) fn of_weights(flag: clap::Arg) -> clap::Arg {
    match flag.get_id().as_str() {
        "weight_column" => flag.help(
            "Column that says how often each item is wanted. With --ids it is a column of the file of IDs (.csv, .tsv, \
             .jsonl, .parquet), and weighs collisions; with --model it is a column of the input, and weighs errors, \
             collisions, recall and NDCG",
        ),
        _ => flag,
    }
}

/// Embeddings are not needed where only IDs are judged.
pub(super) fn without_input(flag: clap::Arg) -> clap::Arg {
    match flag.get_id().as_str() {
        "input" => flag.required(false).required_unless_present("ids"),
        "prefix_column" | "prefix_labels" => flag.conflicts_with("ids"),
        _ => flag,
    }
}
