//! Flags of `semid report`.

use super::ids::{of_weights, without_input};
use super::{IdsArgs, InputArgs, KeyArgs, PrefixArgs, SmoothArgs, WeightArgs};
use clap::Args;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid report --model model.safetensors --input items.parquet \\
      --id-column name --output report.html
  semid report --model model.safetensors --input items.npy --items names.txt \\
      --output report.html --svg figures
  semid report --model model.safetensors --input items.npy \\
      --sweep sweep.jsonl --output report.html
  semid report --ids ids.csv --against older.csv --output report.html
  semid report --ids index.json --input items.parquet --id-column name \\
      --output report.html

The page is one file, which loads nothing; it contains the names and labels of the items.")]
pub(crate) struct ReportArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE", required_unless_present = "ids")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File of older IDs: shows how many items have other IDs now; they are found by their keys
    #[arg(long, value_name = "FILE", conflicts_with = "model")]
    pub(crate) against: Option<PathBuf>,
    /// With --ids, --interactions or --smooth-pairs: the keys of the items are the numbers of their rows, from 0
    #[arg(long, conflicts_with_all = ["id_column", "items"])]
    pub(crate) row_numbers: bool,
    /// Page to write, .html
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// File of a sweep, whose runs the page compares
    #[arg(long, value_name = "FILE", conflicts_with = "ids")]
    pub(crate) sweep: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) page: PageArgs,
    /// Neighbours per row; 0 leaves out everything about neighbours [default: 10, or as many as there are]
    #[arg(long, short, value_name = "K")]
    pub(crate) k: Option<usize>,
    /// Search the neighbours of this many rows, chosen by the seed; 0 leaves out everything about neighbours
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) sample: usize,
    /// Maximum number of pairs of rows for the correlation of distances
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) pairs: usize,
    /// Seed of everything random
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub(crate) seed: u64,
    /// With --model, text file with the weight of every row, one per line, which weighs errors, collisions,
    /// recall and NDCG
    #[arg(long, value_name = "FILE", conflicts_with_all = ["ids", "weight_column"])]
    pub(crate) weights: Option<PathBuf>,
    /// With --model, step of the weights, such as 0.01, see `semid fit --weight-step` [default: 1]
    #[arg(long, value_name = "STEP", conflicts_with = "ids")]
    pub(crate) weight_step: Option<String>,
    /// Encode by a beam of this width, see `semid encode --beam`; 1 takes the nearest codeword of every level [default:
    /// that of the model]
    #[arg(long, value_name = "B", conflicts_with = "ids")]
    pub(crate) beam: Option<usize>,
    #[command(flatten)]
    pub(crate) ids: IdsArgs,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    #[command(flatten)]
    pub(crate) smooth: SmoothArgs,
}

impl ReportArgs {
    /// Returns the flags of weights of the rows.
    pub(crate) fn weight_args(&self) -> WeightArgs {
        let (weight_column, weights) = (self.ids.weight_column.clone(), self.weights.clone());
        WeightArgs { weight_column, weights, weight_step: self.weight_step.clone() }
    }

    /// Returns the flags of the keys of items, which are the names on the page.
    pub(crate) fn keys(&self) -> KeyArgs {
        let (id_column, items) = (self.page.id_column.clone(), self.page.items.clone());
        KeyArgs { id_column, items, row_numbers: self.row_numbers }
    }
}

/// Makes embeddings optional, because IDs can be drawn without them.
pub(super) fn of_report(flag: clap::Arg) -> clap::Arg {
    match flag.get_id().as_str() {
        "smooth_pairs" => flag.conflicts_with("ids"),
        _ => of_weights(without_input(flag)),
    }
}

/// The contents of a page, and the files beside it.
#[derive(Debug, Args)]
pub(crate) struct PageArgs {
    /// Column of the input with the names of the items; with --ids their keys, by which rows are joined with IDs
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// Text file with the name of every item, one per line; with --ids their keys
    #[arg(long, value_name = "FILE", conflicts_with = "id_column")]
    pub(crate) items: Option<PathBuf>,
    /// Column of the input with labels, such as categories, which items with a common prefix should share; rows without
    /// one are left out there
    #[arg(long, value_name = "NAME")]
    pub(crate) label_column: Option<String>,
    /// Text file with a label for every row, one per line, which is empty for a row without one
    #[arg(long, value_name = "FILE", conflicts_with = "label_column")]
    pub(crate) labels: Option<PathBuf>,
    /// Title of the page [default: the name of the input]
    #[arg(long, value_name = "TEXT")]
    pub(crate) title: Option<String>,
    /// Folder for the figures, which are then also written as .svg
    #[arg(long, value_name = "FOLDER")]
    pub(crate) svg: Option<PathBuf>,
}

impl PageArgs {
    /// Returns the first flag that was given, so that it can be refused where there is no page.
    ///
    /// Names of items are for something else too if `names_are_keys`.
    pub(crate) fn first_given(&self, names_are_keys: bool) -> Option<&'static str> {
        let given = [
            ("id-column", self.id_column.is_some() && !names_are_keys),
            ("items", self.items.is_some() && !names_are_keys),
            ("label-column", self.label_column.is_some()),
            ("labels", self.labels.is_some()),
            ("title", self.title.is_some()),
            ("svg", self.svg.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}
