//! Flags of `semid fit`.

use super::{InputArgs, LabelledFitArgs, PairArgs, PairKeyArgs, VaeArgs, WeightArgs};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use semid::quantizer::Parameters;
use std::path::PathBuf;

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  semid fit --input items.npy --output model.safetensors
  semid fit --input items.parquet --column embedding --clusters 1024,256,64 \\
      --output model.safetensors
  semid fit --input items.npy --balanced --output model.safetensors
  semid fit --input items.npy --algorithm mini-batch --max-iter 500 \\
      --sample 1000000 --output model.safetensors
  semid fit --input items.npy --algorithm hierarchical --clusters 8192,256 \\
      --output model.safetensors
  semid fit --input items.npy --kind rq-vae --epochs 30 \\
      --output vae.safetensors
  semid fit --input large.npy --memory 2GiB --device gpu:0,gpu:1 \\
      --output model.safetensors
  semid fit --input items.parquet --weight-column sales \\
      --output model.safetensors
  semid fit --input items.parquet --prefix-column category \\
      --output model.safetensors
  semid fit --input items.npy --refine 10 --refine-beam 4 \\
      --output model.safetensors
  semid fit --input items.parquet --column text --column image \\
      --column-weight 1,0.5 --output model.safetensors
  semid fit --input items.parquet --id-column name \\
      --pairs bought-together.csv --output model.safetensors
  semid fit --input newer.npy --align-to model.safetensors \\
      --output newer.safetensors
  semid fit --input newer.npy --warm-start model.safetensors \\
      --freeze-levels 1 --output newer.safetensors
  semid fit --input items.npy --config fit.toml --seed 7 --provenance \\
      --output model.safetensors
  semid fit --input items.npy --kind rq-kmeans-plus \\
      --warm-start model.safetensors --output plus.safetensors")]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Model file to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Read parameters from this .json or .toml file, such as the output of `semid info --json`, or its `parameters`
    /// alone; flags override the file
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Record the names and the SHA-256 of the input and of the files of weights, labels, pairs and keys in the model
    /// file
    #[arg(long)]
    pub(crate) provenance: bool,
    /// Kind of model to fit [default: rq-kmeans]
    #[arg(long, value_parser = kinds(|_| true))]
    pub(crate) kind: Option<String>,
    /// Number of levels; those that labels give come on top [default: 3, for pq 8, for rq+pq 8 and the residual levels,
    /// or the length of the list of --clusters]
    #[arg(long, short, value_name = "L")]
    pub(crate) levels: Option<usize>,
    /// Clusters per level: one number for all levels, or one number per level as in 10,20,50 [default: 256]
    #[arg(long, short = 'k', value_name = "K", value_delimiter = ',')]
    pub(crate) clusters: Vec<usize>,
    /// Seed of everything random [default: 42]
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
    /// Give all clusters of a level the same number of rows, or one more; every assignment is the exact optimum
    #[arg(long, help_heading = "Balanced clusters")]
    pub(crate) balanced: bool,
    /// With --balanced: minimum rows of a cluster [default: rows / clusters, rounded down]
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) min_size: Option<usize>,
    /// With --balanced: maximum rows of a cluster [default: rows / clusters, rounded up]
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) max_size: Option<usize>,
    /// Balance approximately by Sinkhorn instead, as papers do: 0.003 (strictest) to 0.05; rq-vae also takes one value
    /// per level, 0 for none
    #[arg(
        long,
        value_name = "E", value_parser = super::finite::<f64>,
        value_delimiter = ',',
        conflicts_with = "balanced",
        help_heading = "Balanced clusters"
    )]
    pub(crate) sinkhorn_epsilon: Vec<f64>,
    /// With --sinkhorn-epsilon: iterations per assignment [default: 50, for networks 100]
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) sinkhorn_iterations: Option<usize>,
    /// Number the codes so that most rows keep the codes that this older model gives them
    #[arg(long, value_name = "MODEL")]
    pub(crate) align_to: Option<PathBuf>,
    /// Start from this fitted rq-kmeans model: rq-kmeans keeps its grid and takes its codewords as the first ones, so
    /// that most rows keep their codes; rq-kmeans-plus needs one
    #[arg(long, value_name = "MODEL")]
    pub(crate) warm_start: Option<PathBuf>,
    /// Keep the codewords of the first N levels of --warm-start, bit for bit
    #[arg(long, value_name = "N", requires = "warm_start")]
    pub(crate) freeze_levels: Option<usize>,
    /// Memory for the fit, such as 600MiB or 2GiB; rows that do not fit are read again for every pass over them, which
    /// takes longer and gives the same result [default: 7/8 of the memory that the machine has left]
    #[arg(long, value_name = "BYTES", value_parser = super::memory::bytes)]
    pub(crate) memory: Option<u64>,
    #[command(flatten)]
    pub(crate) options: FitOptions,
    #[command(flatten)]
    pub(crate) weights: WeightArgs,
    #[command(flatten)]
    pub(crate) pairs: PairArgs,
    #[command(flatten)]
    pub(crate) pair_keys: PairKeyArgs,
    #[command(flatten)]
    pub(crate) labels: LabelledFitArgs,
    #[command(flatten)]
    pub(crate) vae: VaeArgs,
}

/// Options of fits other than the size of the model.
#[derive(Debug, Args)]
pub(crate) struct FitOptions {
    /// With --kind rq+pq: how many of the levels come before the slices, as levels of residual k-means [default: 1]
    #[arg(long, value_name = "R")]
    pub(crate) residual_levels: Option<usize>,
    /// Maximum iterations per level; for mini-batch, batches per level [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) max_iter: Option<usize>,
    /// Stop a level when its codewords' squared movement is at most this times the mean variance [default: 0.0001]
    #[arg(long, value_name = "TOL", value_parser = super::finite::<f64>)]
    pub(crate) tol: Option<f64>,
    /// Runs per level, of which the best is kept [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) n_init: Option<usize>,
    /// How to choose the first codewords [default: k-means++]
    #[arg(long, value_enum)]
    pub(crate) init: Option<Init>,
    /// Distance between rows [default: l2]
    #[arg(long, value_enum)]
    pub(crate) metric: Option<Metric>,
    /// Scale every level's residuals to unit length
    #[arg(long)]
    pub(crate) normalize_residuals: bool,
    /// Do not center the dimensions of the embeddings
    #[arg(long)]
    pub(crate) no_center: bool,
    /// Fit on this many rows, chosen by the seed
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// How to improve the codewords [default: lloyd]
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<Algorithm>,
    /// Rows per batch, for mini-batch [default: 2048] or for the training of a network [default: for rq-vae a 32nd of
    /// the rows to train on, rounded down to a power of two, 32 to 256; for rq-kmeans-plus 2048; all where there are
    /// fewer]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Rows from which mini-batch chooses its first codewords [default: 3072]
    #[arg(long, value_name = "N")]
    pub(crate) init_buffer: Option<usize>,
    /// Let every mini-batch train all levels, instead of training one level after the other
    #[arg(long)]
    pub(crate) joint: bool,
    /// With --algorithm hierarchical: iterations over all rows at the end [default: 2]
    #[arg(long, value_name = "N")]
    pub(crate) full_iter: Option<usize>,
    /// Refine all levels together after the fit, in R rounds: each moves every codeword to the mean of what all
    /// other levels leave of its rows, adds noise, which shrinks in the last 20, and encodes the rows again. The
    /// fit keeps the round with the smallest error. 10 rounds bring most of the gain; 20 are often worth the time
    /// [default: 0]
    #[arg(long, value_name = "R")]
    pub(crate) refine: Option<usize>,
    /// With --refine: encode by a beam of this width, as `semid encode --beam` does. The model keeps the width, and
    /// later encodes use it [default: 1]
    #[arg(long, value_name = "B")]
    pub(crate) refine_beam: Option<usize>,
}

/// Returns the names of kinds, each with a description.
pub(super) fn kinds(listed: impl Fn(&Parameters) -> bool) -> PossibleValuesParser {
    let kinds = Parameters::kinds().filter(|(name, _)| Parameters::of_kind(name).is_ok_and(|kind| listed(&kind)));
    kinds.map(|(name, about)| PossibleValue::new(name).help(about)).collect::<Vec<_>>().into()
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Init {
    /// Greedy k-means++
    #[value(name = "k-means++")]
    KMeansPlusPlus,
    /// Rows drawn at random, all different
    Random,
    /// Coarse clusters first, then codewords inside each of them: for thousands of clusters
    Hierarchical,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Metric {
    /// Squared Euclidean distance
    L2,
    /// Distance between directions: rows are scaled to unit length
    Cosine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// Every iteration uses all rows
    Lloyd,
    /// Small batches update the codewords, weighted by counts
    MiniBatch,
    /// Find coarse clusters, then codewords inside each of them, then run a few full iterations: for thousands of
    /// clusters in a hurry
    Hierarchical,
}

impl From<Metric> for semid::Metric {
    fn from(metric: Metric) -> Self {
        match metric {
            Metric::L2 => Self::L2,
            Metric::Cosine => Self::Cosine,
        }
    }
}
