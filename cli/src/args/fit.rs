//! Flags of `semid fit`.

use super::{InputArgs, VaeArgs};
use clap::builder::{PossibleValue, PossibleValuesParser};
use clap::{Args, ValueEnum};
use semid::quantizer::Parameters;
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Model file to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Take parameters from this .json or .toml file, such as `semid info --json` gives back; flags win over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Record the input's name, SHA-256 and size in the model file
    #[arg(long)]
    pub(crate) provenance: bool,
    /// What to fit [default: rq-kmeans]
    #[arg(long, value_parser = kinds(|_| true))]
    pub(crate) kind: Option<String>,
    /// Levels [default: 3, or the length of the list of --clusters]
    #[arg(long, short, value_name = "L")]
    pub(crate) levels: Option<usize>,
    /// Clusters per level: one number for all levels, or one per level as in 10,20,50 [default: 256]
    #[arg(long, short = 'k', value_name = "K", value_delimiter = ',')]
    pub(crate) clusters: Vec<usize>,
    /// Everything random is a function of the seed [default: 42]
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<u64>,
    /// Give all clusters of a level the same number of rows, or one more: every assignment is the exact optimum
    #[arg(long, help_heading = "Balanced clusters")]
    pub(crate) balanced: bool,
    /// With --balanced: fewest rows of a cluster [default: rows / clusters, rounded down]
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) min_size: Option<usize>,
    /// With --balanced: most rows of a cluster [default: rows / clusters, rounded up]
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) max_size: Option<usize>,
    /// Balance softly by Sinkhorn instead, as papers do: 0.003 (hardest) to 0.05; rq-vae takes one per level too, 0 for
    /// none
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
    /// Give codes the numbers with which most rows keep the codes that this older model gives them
    #[arg(long, value_name = "MODEL")]
    pub(crate) align_to: Option<PathBuf>,
    /// Memory for the fit, such as 600MiB or 2GiB: rows beyond it are read again for every pass over them, with the
    /// same result, only later [default: 7/8 of what the machine has left]
    #[arg(long, value_name = "BYTES", value_parser = super::memory::bytes)]
    pub(crate) memory: Option<u64>,
    #[command(flatten)]
    pub(crate) options: FitOptions,
    #[command(flatten)]
    pub(crate) vae: VaeArgs,
}

/// How fits are done, whatever the size of the model.
#[derive(Debug, Args)]
pub(crate) struct FitOptions {
    /// Most iterations per level; batches per level for mini-batch [default: 100]
    #[arg(long, value_name = "N")]
    pub(crate) max_iter: Option<usize>,
    /// Stop a level when its codewords' squared movement is at most this times the mean variance [default: 0.0001]
    #[arg(long, value_name = "TOL", value_parser = super::finite::<f64>)]
    pub(crate) tol: Option<f64>,
    /// Runs per level, of which the best is kept [default: 1]
    #[arg(long, value_name = "N")]
    pub(crate) n_init: Option<usize>,
    /// How the first codewords are chosen [default: k-means++]
    #[arg(long, value_enum)]
    pub(crate) init: Option<Init>,
    /// How distances are understood [default: l2]
    #[arg(long, value_enum)]
    pub(crate) metric: Option<Metric>,
    /// Scale every level's residuals to unit length
    #[arg(long)]
    pub(crate) normalize_residuals: bool,
    /// Keep the embeddings where they are instead of centering each dimension
    #[arg(long)]
    pub(crate) no_center: bool,
    /// Fit on that many rows, chosen by the seed
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// How codewords are improved [default: lloyd]
    #[arg(long, value_enum)]
    pub(crate) algorithm: Option<Algorithm>,
    /// Rows per batch of mini-batch or of a network's training [default: 2048]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Rows that mini-batch chooses its first codewords from [default: 3072]
    #[arg(long, value_name = "N")]
    pub(crate) init_buffer: Option<usize>,
    /// Train all levels with every mini-batch, instead of one level after the other
    #[arg(long)]
    pub(crate) joint: bool,
}

/// The names of kinds, each with what it is.
pub(super) fn kinds(listed: impl Fn(&Parameters) -> bool) -> PossibleValuesParser {
    let kinds = Parameters::kinds().filter(|(name, _)| Parameters::of_kind(name).is_ok_and(|kind| listed(&kind)));
    kinds.map(|(name, about)| PossibleValue::new(name).help(about)).collect::<Vec<_>>().into()
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Init {
    /// Greedy k-means++
    #[value(name = "k-means++")]
    KMeansPlusPlus,
    /// Distinct rows
    Random,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Metric {
    /// Squared Euclidean distance
    L2,
    /// Only the direction of a row matters
    Cosine,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Algorithm {
    /// All rows in every iteration
    Lloyd,
    /// Count-weighted updates from small batches
    MiniBatch,
}
