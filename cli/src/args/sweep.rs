//! Flags of `semid sweep`.

use super::fit::kinds;
use super::{FitOptions, InputArgs, LabelledFitArgs, PageArgs, SmoothArgs, VaeArgs, WeightArgs};
use clap::{Arg, Args, ValueEnum};
use semid::rq::Clusters;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid sweep --input items.npy --levels 2,3,4 --clusters 64,256 \\
      --output sweep.jsonl
  semid sweep --input items.npy --balanced both --seeds 1,2,3 \\
      --rank-by recall_at_k.decoded --output sweep.jsonl
  semid sweep --input items.npy --clusters 1024-256-64-64,256 \\
      --predict 1000000 --models models --output sweep.jsonl
  semid sweep --input items.npy --config sweep.toml --output sweep.jsonl
  semid sweep --input items.npy --kind rq-kmeans,rq-vae --latent 32 \\
      --epochs 50 --output sweep.jsonl
  semid sweep --input items.parquet --prefix-column category \\
      --output sweep.jsonl
  semid sweep --input newer.npy --warm-start model.safetensors \\
      --freeze-levels 0,1,2 --output sweep.jsonl
  semid sweep --input items.parquet --output sweep.jsonl --report report.html \\
      --id-column name

The output has a line of JSON for every finished run. After Ctrl-C or a crash, the same command goes on after the last \
finished run, and writes the same lines as an unbroken sweep, except for the seconds and the checksums over them. \
Levels that models share are fitted once. The numbers of levels and clusters are those after levels that labels \
give, also in the names of models.")]
pub(crate) struct SweepArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// File to write, with a line of JSON per finished run; if it exists, the sweep goes on from it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Read the grid from this .json or .toml file; flags override the file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Numbers of levels [default: 2,3,4]
    #[arg(long, short, value_name = "L", value_delimiter = ',')]
    pub(crate) levels: Option<Vec<usize>>,
    /// Clusters per level: numbers for all levels, or lists such as 256-128-64, of which L levels use the first L
    /// numbers [default: 64,256]
    #[arg(long, value_name = "K", value_delimiter = ',', value_parser = clusters)]
    pub(crate) clusters: Option<Vec<Clusters>>,
    /// Kinds of models to fit; a flag of `semid fit` that only some of them take, such as --refine, is for these alone,
    /// while --beam is for all runs [default: rq-kmeans]
    #[arg(long, value_delimiter = ',', value_parser = kinds(|_| true))]
    pub(crate) kind: Option<Vec<String>>,
    /// With rq-kmeans: whether all clusters of a level get the same number of rows [default: off]
    #[arg(long, value_enum)]
    pub(crate) balanced: Option<Balanced>,
    /// Seeds of the fits [default: 42]
    #[arg(long, value_name = "SEED", value_delimiter = ',', visible_alias = "seed")]
    pub(crate) seeds: Option<Vec<u64>>,
    /// Start all fits from this fitted rq-kmeans model, whose levels and clusters the grid then has, see `semid fit
    /// --warm-start`
    #[arg(long, value_name = "MODEL")]
    pub(crate) warm_start: Option<PathBuf>,
    /// Numbers of first levels that keep the codewords of --warm-start, bit for bit [default: 0]
    #[arg(long, value_name = "N", value_delimiter = ',', requires = "warm_start")]
    pub(crate) freeze_levels: Option<Vec<usize>>,
    /// Metric that decides which run is best, such as mse or recall_at_k.decoded; an unknown name lists all metrics
    #[arg(long, value_name = "METRIC", default_value = "collision_rate")]
    pub(crate) rank_by: String,
    /// Neighbours per row; 0 leaves out everything about neighbours, which takes most of the time [default: 10]
    #[arg(long, value_name = "K")]
    pub(crate) k: Option<usize>,
    /// Search the neighbours of this many rows [default: all, or 10000 of more than 100000]
    #[arg(long, value_name = "N")]
    pub(crate) queries: Option<usize>,
    /// Maximum number of pairs of rows for the correlation of distances [default: 20000]
    #[arg(long, value_name = "N")]
    pub(crate) pairs: Option<usize>,
    /// Encode by a beam of this width before measuring, see `semid encode --beam`; 1 takes the nearest codeword of
    /// every level [default: that of the model]
    #[arg(long, value_name = "B")]
    pub(crate) beam: Option<usize>,
    /// Seed of the queries and pairs [default: 42]
    #[arg(long, value_name = "SEED")]
    pub(crate) eval_seed: Option<u64>,
    /// Predict the collision rate for this many rows, approximately, from how evenly every level's codes are used and
    /// how many rows collide
    #[arg(long, value_name = "N")]
    pub(crate) predict: Option<u64>,
    /// Folder for the models; a model of another sweep that has the same name is not replaced, but refused
    #[arg(long, value_name = "FOLDER")]
    pub(crate) models: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) options: FitOptions,
    /// Also draw a report on the best run and the other runs, as this .html; without --models, its model is fitted
    /// again
    #[arg(long, value_name = "FILE", help_heading = "Report")]
    pub(crate) report: Option<PathBuf>,
    #[command(flatten, next_help_heading = "Report")]
    pub(crate) page: PageArgs,
    #[command(flatten)]
    pub(crate) weights: WeightArgs,
    #[command(flatten)]
    pub(crate) labels: LabelledFitArgs,
    #[command(flatten)]
    pub(crate) smooth: SmoothArgs,
    #[command(flatten)]
    pub(crate) vae: VaeArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Balanced {
    /// Clusters have as many rows as they attract
    Off,
    /// All clusters have the same number of rows, or one more
    On,
    /// One run of each
    Both,
}

/// Adapts the flags of networks to sweeps: hides those of a single training.
pub(super) fn of_sweep(flag: Arg) -> Arg {
    match flag.get_id().as_str() {
        "checkpoint" => flag.hide(true),
        "id_column" => flag.help("Column of the input with the names of the items"),
        "items" => flag.help("Text file with the name of every item, one per line"),
        _ => flag,
    }
}

fn clusters(text: &str) -> Result<Clusters, String> {
    let numbers: Option<Vec<usize>> = text.split('-').map(|number| number.parse().ok()).collect();
    match numbers.as_deref() {
        Some([clusters]) => Ok(Clusters::Same(*clusters)),
        Some(list) => Ok(Clusters::PerLevel(list.to_vec())),
        None => Err("give numbers as 256, or one per level as 256-128-64".to_owned()),
    }
}
