//! The commands and their flags.

mod eval;
mod export;
mod registry;
mod report;
mod vae;

pub(crate) use eval::EvalArgs;
pub(crate) use export::{ExportArgs, Kind};
pub(crate) use registry::{AssignArgs, DeleteArgs, KeyArgs, LookupArgs, ResolverName, SettingArgs, StatsArgs};

pub(crate) use report::ReportArgs;
pub(crate) use vae::{Keep, Loss, ModelKind, Reduction, Schedule, VaeArgs};

use crate::output::Failure;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use semid::Device;
use semid::io::ReadOptions;
use std::path::PathBuf;

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

/// Semantic IDs from embeddings, with the same bits on every device.
#[derive(Debug, Parser)]
#[command(name = "semid", version, styles = STYLES, after_help = "\
Start with:
  semid demo

Exit codes: 0 done, 1 the answer is no, 2 error, 130 interrupted.")]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// Flags that every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Common options")]
pub(crate) struct Common {
    /// Where to compute: auto, reference, cpu, gpu, gpu:N or gpu:NAME (see `semid devices`); the result is the same
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) device: Vec<String>,
    /// Threads to use on the CPU; 0 means all cores
    #[arg(long, global = true, value_name = "T", default_value_t = 0, hide_default_value = true, value_parser = threads)]
    pub(crate) threads: usize,
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

impl Common {
    /// Opens the device asked for, `auto` without one.
    pub(crate) fn device(&self) -> Result<Device, Failure> {
        match self.device.as_slice() {
            [] => Ok(Device::auto()),
            [name] => Ok(Device::named(name)?),
            _ => Err(Failure::Error("--device: this command runs on one device; give it once".into())),
        }
    }
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit a model to embeddings and save it: residual k-means, or a network that quantizes its latents
    #[command(after_help = "\
Examples:
  semid fit --input items.npy --output model.safetensors
  semid fit --input items.parquet --column embedding --clusters 1024,256,64 --output model.safetensors
  semid fit --input items.npy --algorithm mini-batch --max-iter 500 --sample 1000000 --output model.safetensors
  semid fit --input items.npy --kind rq-vae --latent 32 --epochs 50 --batch 1024 --lr 1e-3 --output vae.safetensors
  semid fit --input items.npy --kind rq-kmeans-plus --warm-start model.safetensors --epochs 20 --output plus.safetensors")]
    Fit(Box<FitArgs>),
    /// Give every row its codes or its semantic ID
    #[command(after_help = "\
Examples:
  semid encode --model model.safetensors --input items.npy --output codes.npy
  semid encode --model model.safetensors --input items.parquet --id-column name --output ids.csv
  semid encode --model model.safetensors --input items.npy --format token --output ids.jsonl")]
    Encode(EncodeArgs),
    /// Give every item a unique semantic ID that stays, and keep it in a database
    #[command(after_help = "\
Examples:
  semid assign --model model.safetensors --input items.parquet --id-column name --db ids.db --output ids.csv
  semid assign --db ids.db --input more.npy --items more.txt
  semid assign --db new.db --model model.safetensors --input items.npy --row-numbers --resolver reassign

The database has the model and all settings in it, so that later runs need neither. Items that have an ID keep it.
After Ctrl-C or a crash, the same command goes on where it was, and gives the IDs that it would have given unbroken.")]
    Assign(Box<AssignArgs>),
    /// Find items by their semantic IDs, and IDs by their items; exit code 1 where there is none
    #[command(after_help = "\
Examples:
  semid lookup --db ids.db --item numpy --neighbors 10
  semid lookup --db ids.db --id 12-5-33
  semid lookup --db ids.db --prefix 12-5 --limit 100 --json")]
    Lookup(LookupArgs),
    /// Count what a database of semantic IDs holds
    #[command(after_help = "\
Examples:
  semid stats --db ids.db
  semid stats --db ids.db --json")]
    Stats(StatsArgs),
    /// Remove items from a database of semantic IDs; exit code 1 if it did not know all of them
    #[command(after_help = "\
Examples:
  semid delete --db ids.db --item numpy --item scipy
  semid delete --db ids.db --items gone.txt

The IDs of removed items are retired: no item ever gets them again, not even the same one.
The database remembers whose they were, so the keys of removed items stay in it.")]
    Delete(DeleteArgs),
    /// Turn codes back into embeddings
    #[command(after_help = "\
Examples:
  semid decode --model model.safetensors --input codes.npy --output decoded.npy
  semid decode --model model.safetensors --input codes.npy --levels 1 --output coarse.npy")]
    Decode(DecodeArgs),
    /// Show a model: configuration, levels, grid, fingerprint
    #[command(after_help = "\
Examples:
  semid info --model model.safetensors
  semid info --model model.safetensors --json")]
    Info(InfoArgs),
    /// List the devices of this machine
    #[command(after_help = "\
Examples:
  semid devices
  semid devices --json")]
    Devices,
    /// Encode and refit on every device and compare bit for bit; exit code 1 on any difference
    #[command(after_help = "\
Examples:
  semid verify --model model.safetensors --input items.npy
  semid verify --model model.safetensors --input items.npy --device cpu --device gpu --all")]
    Verify(VerifyArgs),
    /// Judge the semantic IDs that a model gives: collisions, usage, errors, neighbours
    #[command(after_help = "\
Examples:
  semid eval --model model.safetensors --input items.npy
  semid eval --model model.safetensors --input items.parquet --label-column category --sample 5000
  semid eval --model new.safetensors --input items.npy --against old.safetensors --k 0 --json

Numbers measured on a sample are shown as value +- half of their 95 % confidence interval.")]
    Eval(EvalArgs),
    /// Draw a report on the semantic IDs that a model gives: a web page to look at and to pass on
    #[command(after_help = "\
Examples:
  semid report --model model.safetensors --input items.parquet --id-column name --output report.html
  semid report --model model.safetensors --input items.npy --items names.txt --output report.html --svg figures
  semid report --model model.safetensors --input items.npy --sweep sweep.jsonl --output report.html

The page is one file and loads nothing; names of items and labels are in it.")]
    Report(Box<ReportArgs>),
    /// Write the semantic IDs of a database for recommenders and language models
    #[command(after_help = "\
Examples:
  semid export --db ids.db --output ids.csv
  semid export --db ids.db --output index.json --base 1
  semid export --db ids.db --output added_tokens.json --first-token 32000
  semid export --db ids.db --output trie.safetensors --first-token 32000
  semid export --db ids.db --output copy.db

Token ids are the same in all files of a registry: a block per level, and one for suffixes last, which grows.

The tensors of a trie, whose root is node 0: after node n come the edges indptr[n] to indptr[n + 1] - 1; edge e is token
tokens[e] and leads to node children[e]. At node n ends the ID of item items[n], none if that is -1, and longer IDs may
go on. The key of item i is the UTF-8 in item_keys[item_offsets[i]] to item_keys[item_offsets[i + 1] - 1].")]
    Export(ExportArgs),
    /// See what semantic IDs are, on real data that comes with semid
    #[command(after_help = "\
Examples:
  semid demo
  semid demo --device reference")]
    Demo,
    /// Print completions for a shell
    #[command(after_help = "\
Examples:
  semid completions bash > ~/.local/share/bash-completion/completions/semid
  semid completions zsh > ~/.zfunc/_semid
  semid completions fish > ~/.config/fish/completions/semid.fish")]
    Completions(CompletionsArgs),
}

/// Where embeddings come from.
#[derive(Debug, Args)]
pub(crate) struct InputArgs {
    /// Embeddings: .npy, .parquet, .safetensors or .fvecs
    #[arg(long, short, value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Column of a parquet file [default: embedding, or the only column of lists of floats]
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// Tensor of a safetensors file [default: its only matrix of floats]
    #[arg(long, value_name = "NAME")]
    pub(crate) tensor: Option<String>,
}

impl InputArgs {
    pub(crate) fn options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        options.column.clone_from(&self.column);
        options.tensor.clone_from(&self.tensor);
        options
    }
}

#[derive(Debug, Args)]
pub(crate) struct FitArgs {
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Model file to write
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// What to fit
    #[arg(long, value_enum, default_value_t = ModelKind::KMeans)]
    pub(crate) kind: ModelKind,
    /// Levels [default: 3, or the length of the list of --clusters]
    #[arg(long, short, value_name = "L")]
    pub(crate) levels: Option<usize>,
    /// Clusters per level: one number for all levels, or one per level as in 10,20,50
    #[arg(long, short = 'k', value_name = "K", default_value = "256", value_delimiter = ',')]
    pub(crate) clusters: Vec<usize>,
    /// Everything random is a function of the seed
    #[arg(long, value_name = "SEED", default_value_t = 42)]
    pub(crate) seed: u64,
    /// Most iterations per level; batches per level for mini-batch
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub(crate) max_iter: usize,
    /// Stop a level when its codewords' squared movement is at most this times the mean variance
    #[arg(long, value_name = "TOL", default_value_t = 1e-4)]
    pub(crate) tol: f64,
    /// Runs per level, of which the best is kept
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) n_init: usize,
    /// How the first codewords are chosen
    #[arg(long, value_enum, default_value_t = Init::KMeansPlusPlus)]
    pub(crate) init: Init,
    /// How distances are understood
    #[arg(long, value_enum, default_value_t = Metric::L2)]
    pub(crate) metric: Metric,
    /// Scale every level's residuals to unit length
    #[arg(long)]
    pub(crate) normalize_residuals: bool,
    /// Keep the embeddings where they are instead of centering each dimension
    #[arg(long)]
    pub(crate) no_center: bool,
    /// Fit on that many rows, chosen by the seed
    #[arg(long, value_name = "N")]
    pub(crate) sample: Option<usize>,
    /// How codewords are improved
    #[arg(long, value_enum, default_value_t = Algorithm::Lloyd)]
    pub(crate) algorithm: Algorithm,
    /// Give all clusters of a level the same number of rows (or one more), at the smallest squared error
    #[arg(long)]
    pub(crate) balanced: bool,
    /// Fewest rows of a cluster [default: rows / clusters, rounded down]
    #[arg(long, value_name = "N", requires = "balanced")]
    pub(crate) min_size: Option<usize>,
    /// Most rows of a cluster [default: rows / clusters, rounded up]
    #[arg(long, value_name = "N", requires = "balanced")]
    pub(crate) max_size: Option<usize>,
    /// Rows per batch of mini-batch or of a network's training [default: 2048]
    #[arg(long, value_name = "N")]
    pub(crate) batch: Option<usize>,
    /// Rows that mini-batch chooses its first codewords from [default: 3072]
    #[arg(long, value_name = "N")]
    pub(crate) init_buffer: Option<usize>,
    /// Train all levels with every mini-batch, instead of one level after the other
    #[arg(long)]
    pub(crate) joint: bool,
    #[command(flatten)]
    pub(crate) vae: VaeArgs,
}

#[derive(Debug, Args)]
pub(crate) struct EncodeArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Codes to write as .npy, or semantic IDs as .csv, .jsonl or .parquet
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Form of the semantic IDs: 12-5-33 or <a_12><b_5><c_33>
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    pub(crate) format: Format,
    /// What stands between the codes of a plain semantic ID
    #[arg(long, value_name = "TEXT", default_value = "-", allow_hyphen_values = true)]
    pub(crate) separator: String,
    /// Column of a parquet input with the items' keys, to stand beside the semantic IDs
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct DecodeArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Codes, as `semid encode` writes them to .npy
    #[arg(long, short, visible_alias = "codes", value_name = "FILE")]
    pub(crate) input: PathBuf,
    /// Embeddings to write, .npy
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Use only the first levels [default: all that the codes have]
    #[arg(long, short, value_name = "L")]
    pub(crate) levels: Option<usize>,
}

#[derive(Debug, Args)]
pub(crate) struct InfoArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct VerifyArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    /// Rows to compare on all devices, evenly spread over the input; fast devices are compared on all rows as well
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) rows: usize,
    /// Compare all rows on all devices, however slow
    #[arg(long, conflicts_with = "rows")]
    pub(crate) all: bool,
    /// Flip one bit of the codes of this device, to see the difference noticed
    #[arg(long, hide = true, value_name = "NAME")]
    pub(crate) plant_difference: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
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

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// 12-5-33
    Plain,
    /// <a_12><b_5><c_33>
    Token,
}

fn threads(text: &str) -> Result<usize, String> {
    const MOST: usize = 1024;
    let threads = text.parse().map_err(|_| format!("give a number, 0 to {MOST}"))?;
    if threads > MOST { Err(format!("at most {MOST} threads")) } else { Ok(threads) }
}
