//! Flags of the commands on databases of semantic IDs.

use super::{Format, InputArgs, NamespaceArgs, PairArgs, PrefixArgs, Share, TemplateArgs};
use crate::place::Place;
use clap::{Args, ValueEnum, ValueHint};
use std::num::{NonZeroU32, NonZeroUsize};
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid assign --model model.safetensors --input items.parquet \\
      --id-column name --db ids.db --output ids.csv
  semid assign --db ids.db --input more.npy --items more.txt
  semid assign --db new.db --model model.safetensors --input items.npy \\
      --row-numbers --resolver reassign
  semid assign --db new.db --model model.safetensors --input items.npy \\
      --row-numbers --resolver reassign --candidates 16
  semid assign --db engine.db --model model.safetensors --input items.npy \\
      --row-numbers --fixed-depth
  semid assign --db ids.db --namespace videos --input videos.parquet \\
      --id-column id
  semid assign --db ids.db --model newer.safetensors --adopt-model \\
      --input items.parquet --id-column name --move-if-gain 20% \\
      --move-at-most 5% --moves moves.csv

The database contains the model and all settings, so later runs need neither. Items that have an ID keep it. \
After Ctrl-C or a crash, the same command goes on where it stopped, and gives the IDs of an unbroken run.")]
pub(crate) struct AssignArgs {
    /// Database of semantic IDs: a file, which is created if it is missing, or postgres://USER@HOST/DATABASE
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Place,
    #[command(flatten)]
    pub(crate) namespace: NamespaceArgs,
    /// Model file, as `semid fit` writes it [default: the model in the database]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) keys: KeyArgs,
    /// File to write with all items of the input and their IDs: .csv, .jsonl or .parquet
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Give new IDs to items whose codes have changed; their old IDs are retired
    #[arg(long)]
    pub(crate) update_changed: bool,
    /// Encode by a beam of this width, see `semid encode --beam`. The database does not keep the width, so give it in
    /// every run; items that have an ID keep it [default: that of the model]
    #[arg(long, value_name = "B")]
    pub(crate) beam: Option<usize>,
    /// With --resolver reassign: an item whose codes are taken moves to a free one of its K candidates, see `semid
    /// encode --candidates`, and so may change its first codes where that is nearer; without a free one it moves as it
    /// does without this flag. The database does not keep K, so give it in every run
    #[arg(long, value_name = "K")]
    pub(crate) candidates: Option<usize>,
    /// Give new IDs to items whose squared distance to the point of their ID shrinks by more than this share of what it
    /// is, such as 10%, the largest decrease first; their old IDs are retired. Needs --move-at-most and --moves; not
    /// for --resolver reassign, models with levels from labels, or models with normalised residuals
    #[arg(
        long, value_name = "SHARE", conflicts_with = "update_changed", requires_all = ["move_at_most", "moves"],
        help_heading = "Refresh"
    )]
    pub(crate) move_if_gain: Option<Share>,
    /// With --move-if-gain, which needs it: move at most this share of all items in the database, such as 5%, per run
    #[arg(long, value_name = "SHARE", requires = "move_if_gain", help_heading = "Refresh")]
    pub(crate) move_at_most: Option<Share>,
    /// With --move-if-gain, which needs it: file to write with all moves, best first: item, old ID, new ID, squared
    /// distances (of latents for a network, of rows of unit length for cosine) and gain, .csv or .jsonl
    #[arg(long, value_name = "FILE", requires = "move_if_gain", help_heading = "Refresh")]
    pub(crate) moves: Option<PathBuf>,
    /// Let --model take the place of the model in the database, of which it must be a refresh: fitted with --warm-start
    /// or --align-to that model; no ID changes by this alone
    #[arg(long, requires = "model", help_heading = "Refresh")]
    pub(crate) adopt_model: bool,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
    #[command(flatten)]
    pub(crate) settings: SettingArgs,
    /// Rows per transaction
    #[arg(long, hide = true, value_name = "N")]
    pub(crate) batch_rows: Option<NonZeroUsize>,
}

/// The source of item keys.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(crate) struct KeyArgs {
    /// Column of the input with the item keys; the output has them under the same name (under `item` if that is `id` or
    /// `codes`)
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// Text file with the item keys, one per line, in the order of the rows
    #[arg(long, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,
    /// Use the row numbers, from 0, as item keys: row 5 is then the same item in every input
    #[arg(long)]
    pub(crate) row_numbers: bool,
}

/// The settings that a database, and each of its namespaces, keeps from its beginning.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options for a new database or namespace, which never change")]
pub(crate) struct SettingArgs {
    /// How items with equal codes get different IDs [default: suffix]
    #[arg(long, value_enum)]
    pub(crate) resolver: Option<ResolverName>,
    /// Give the first item with some codes a suffix too, so that all IDs have equally many parts
    #[arg(long, visible_alias = "fixed-depth")]
    pub(crate) always_suffix: bool,
    /// With --resolver reassign: how many items may share codes before one moves [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) capacity: Option<NonZeroU32>,
    /// Form of the semantic IDs: 12-5-33 or <a_12><b_5><c_33> [default: plain]
    #[arg(long, value_enum)]
    pub(crate) format: Option<Format>,
    /// Text between the codes of a plain semantic ID [default: -]
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub(crate) separator: Option<String>,
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ResolverName {
    /// A counter after the codes: 12-5-33, 12-5-33-1
    Suffix,
    /// The item key after the codes: 12-5-33-numpy, or 12-5-33-numpy-1 if the former is retired
    ItemId,
    /// The nearest free codes, below the item's own codes but the last as long as any are free there (see --candidates
    /// for those of all levels), and never to another category; up to 65,536 rows of a run are placed together, so the
    /// same items may go to other codes in several runs
    Reassign,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid lookup --db ids.db --item numpy --neighbors 10
  semid lookup --db ids.db --id 12-5-33
  semid lookup --db ids.db --id \"<s_a_12><s_b_5><s_c_33>\" \\
      --token-template \"<s_{level}_{code}>\"
  semid lookup --db ids.db --prefix 12-5 --limit 100 --json")]
pub(crate) struct LookupArgs {
    /// Database of semantic IDs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Place,
    #[command(flatten)]
    pub(crate) namespace: NamespaceArgs,
    #[command(flatten)]
    pub(crate) what: LookupWhat,
    /// Also show the K items nearest to the item: by the length of the common prefix, then by distance; for product
    /// codes (pq), whose levels do not build on each other, by distance alone
    #[arg(
        long,
        value_name = "K",
        conflicts_with_all = ["id", "prefix"],
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) neighbors: usize,
    /// Maximum number of items to show with --prefix
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// The number of code 0 in the tokens of --id and --prefix
    #[arg(long, value_name = "0|1", conflicts_with = "item", value_parser = clap::value_parser!(u32).range(..=1))]
    pub(crate) base: Option<u32>,
    #[command(flatten)]
    pub(crate) template: TemplateArgs,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct LookupWhat {
    /// Find the item that has this semantic ID
    #[arg(long, value_name = "ID", allow_hyphen_values = true)]
    pub(crate) id: Option<String>,
    /// Find the items whose semantic IDs begin with these codes; "" finds all
    #[arg(long, value_name = "CODES", allow_hyphen_values = true)]
    pub(crate) prefix: Option<String>,
    /// Find the semantic ID of this item
    #[arg(long, value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) item: Option<String>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid stats --db ids.db
  semid stats --db ids.db --json")]
pub(crate) struct StatsArgs {
    /// Database of semantic IDs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Place,
    #[command(flatten)]
    pub(crate) namespace: NamespaceArgs,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid delete --db ids.db --item numpy --item scipy
  semid delete --db ids.db --items gone.txt

The IDs of removed items are retired: no item ever gets them again, not even the same item. \
The database remembers whose they were, so it keeps the keys of removed items.")]
pub(crate) struct DeleteArgs {
    /// Database of semantic IDs
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(crate) db: Place,
    #[command(flatten)]
    pub(crate) namespace: NamespaceArgs,
    #[command(flatten)]
    pub(crate) what: DeleteWhat,
}

#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub(crate) struct DeleteWhat {
    /// Key of an item to remove; may be given several times
    #[arg(long = "item", value_name = "KEY", allow_hyphen_values = true)]
    pub(crate) item: Vec<String>,
    /// Text file with the keys of the items to remove, one per line
    #[arg(long, value_name = "FILE")]
    pub(crate) items: Option<PathBuf>,
}
