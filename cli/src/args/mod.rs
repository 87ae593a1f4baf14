//! The commands and their flags.

mod drift;
mod eval;
#[cfg(test)]
mod examples;
mod export;
mod fit;
mod ids;
mod input;
mod memory;
mod namespace;
mod prefix;
mod registry;
mod report;
mod share;
mod sweep;
mod template;
mod vae;
mod weights;
mod worker;

pub(crate) use drift::DriftArgs;
pub(crate) use eval::EvalArgs;
pub(crate) use export::{ExportArgs, Kind};
pub(crate) use fit::{Algorithm, FitArgs, FitOptions, Metric};
pub(crate) use ids::IdsArgs;
pub(crate) use input::{InputArgs, OnBadRows};
pub(crate) use namespace::NamespaceArgs;
pub(crate) use prefix::{PrefixArgs, Unknown, without_labels};
pub(crate) use registry::{AssignArgs, DeleteArgs, KeyArgs, LookupArgs, ResolverName, SettingArgs, StatsArgs};
pub(crate) use report::{PageArgs, ReportArgs};
pub(crate) use share::Share;
pub(crate) use sweep::{Balanced, SweepArgs};
pub(crate) use template::TemplateArgs;
pub(crate) use vae::{Preset, Schedule, VaeArgs};
pub(crate) use weights::WeightArgs;
pub(crate) use worker::WorkerArgs;

use crate::failure::Failure;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser, Subcommand, ValueEnum};
use semid::Device;
use std::path::{Path, PathBuf};
use std::str::FromStr;

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

Exit codes: 0 the command is done, 1 the answer is no, 2 an error, 130 interrupted.

Environment: RUST_LOG=semid_cli=info shows progress as events with times, RUST_LOG=semid=debug also what the library \
does; SEMID_SIMD chooses the vector instructions of the CPU (see `semid devices`); RAYON_NUM_THREADS is a default for \
--threads.")]
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
    /// Device to compute on: auto, reference, cpu, gpu, gpu:N or gpu:NAME (see `semid devices`), or several with commas
    /// between, which share the rows; every device gives the same result
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) device: Vec<String>,
    /// Threads on the CPU; 0 means all cores
    #[arg(
        long,
        global = true,
        value_name = "T",
        default_value_t = 0,
        hide_default_value = true,
        value_parser = threads
    )]
    pub(crate) threads: usize,
    /// Print the result as one JSON object
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Show no progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Show every iteration of a fit and every step of a sweep on a separate line
    #[arg(long, short, global = true, conflicts_with = "quiet")]
    pub(crate) verbose: bool,
}

/// Refuses flags about neighbours where `--k 0` leaves neighbours out.
pub(crate) fn only_with_neighbors(k: usize, given: [(&str, bool); 2]) -> Result<(), Failure> {
    match given.into_iter().find(|(_, given)| *given && k == 0) {
        Some((name, _)) => Err(Failure::Error(format!(
            "--{name} is about neighbours, which --k 0 leaves out; give another --k, or leave --{name} out"
        ))),
        None => Ok(()),
    }
}

impl Common {
    /// Opens the device that the flags name, or `auto` if they name none.
    pub(crate) fn device(&self) -> Result<Device, Failure> {
        match self.device.as_slice() {
            [] => Ok(Device::auto()),
            [name] => Ok(Device::named(name)?),
            _ => Err(Failure::Error("--device: this command runs on one device; give the flag once".into())),
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit a model to embeddings and save it: residual k-means, or a network that quantizes its latents
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
  semid fit --input newer.npy --align-to model.safetensors \\
      --output newer.safetensors
  semid fit --input newer.npy --warm-start model.safetensors \\
      --freeze-levels 1 --output newer.safetensors
  semid fit --input items.npy --config fit.toml --seed 7 --provenance \\
      --output model.safetensors
  semid fit --input items.npy --kind rq-kmeans-plus \\
      --warm-start model.safetensors --output plus.safetensors")]
    Fit(Box<FitArgs>),
    /// Give every row its codes or its semantic ID
    #[command(after_help = "\
Examples:
  semid encode --model model.safetensors --input items.npy --output codes.npy
  semid encode --model model.safetensors --input items.parquet \\
      --id-column name --output ids.csv
  semid encode --model model.safetensors --input items.npy --format token \\
      --output ids.jsonl
  semid encode --model model.safetensors --input items.npy --beam 8 \\
      --output codes.npy
  semid encode --model model.safetensors --input items.npy --candidates 5 \\
      --beam 16 --output candidates.jsonl
  semid encode --model balanced.safetensors --input new.npy \\
      --assignment priced --output codes.npy
  semid encode --model model.safetensors --input items.npy --capacity 250 \\
      --output codes.npy")]
    Encode(EncodeArgs),
    /// Give every item a unique semantic ID that stays, and keep it in a database
    #[command(after_help = "\
Examples:
  semid assign --model model.safetensors --input items.parquet \\
      --id-column name --db ids.db --output ids.csv
  semid assign --db ids.db --input more.npy --items more.txt
  semid assign --db new.db --model model.safetensors --input items.npy \\
      --row-numbers --resolver reassign
  semid assign --db engine.db --model model.safetensors --input items.npy \\
      --row-numbers --fixed-depth
  semid assign --db ids.db --namespace videos --input videos.parquet \\
      --id-column id
  semid assign --db ids.db --model newer.safetensors --adopt-model \\
      --input items.parquet --id-column name --move-if-gain 20% \\
      --move-at-most 5% --moves moves.csv

The database contains the model and all settings, so later runs need neither. Items that have an ID keep it. \
After Ctrl-C or a crash, the same command goes on where it stopped, and gives the IDs of an unbroken run.")]
    Assign(Box<AssignArgs>),
    /// Find items by their semantic IDs, or IDs by their items; exit code 1 if nothing is found
    #[command(after_help = "\
Examples:
  semid lookup --db ids.db --item numpy --neighbors 10
  semid lookup --db ids.db --id 12-5-33
  semid lookup --db ids.db --id \"<s_a_12><s_b_5><s_c_33>\" \\
      --token-template \"<s_{level}_{code}>\"
  semid lookup --db ids.db --prefix 12-5 --limit 100 --json")]
    Lookup(LookupArgs),
    /// Count items, codes and retired IDs in a database of semantic IDs
    #[command(after_help = "\
Examples:
  semid stats --db ids.db
  semid stats --db ids.db --json")]
    Stats(StatsArgs),
    /// Remove items from a database of semantic IDs; exit code 1 if it does not have all of them
    #[command(after_help = "\
Examples:
  semid delete --db ids.db --item numpy --item scipy
  semid delete --db ids.db --items gone.txt

The IDs of removed items are retired: no item ever gets them again, not even the same item. \
The database remembers whose they were, so it keeps the keys of removed items.")]
    Delete(DeleteArgs),
    /// Turn codes back into embeddings
    #[command(after_help = "\
Examples:
  semid decode --model model.safetensors --input codes.npy --output decoded.npy
  semid decode --model model.safetensors --input codes.npy --levels 1 \\
      --output coarse.npy")]
    Decode(DecodeArgs),
    /// Show a model: configuration, levels, grid, fingerprint
    #[command(after_help = "\
Examples:
  semid info --model model.safetensors
  semid info --model model.safetensors --json
  semid info --model model.safetensors --json | jq .parameters > fit.json")]
    Info(InfoArgs),
    /// List the devices of this machine
    #[command(after_help = "\
Examples:
  semid devices
  semid devices --json")]
    Devices,
    /// Encode and refit on every device, and compare the results bit for bit; exit code 1 if they differ
    #[command(after_help = "\
Examples:
  semid verify --model model.safetensors --input items.npy
  semid verify --model model.safetensors --input items.npy --device cpu \\
      --device gpu --all")]
    Verify(VerifyArgs),
    /// Measure how good the semantic IDs of a model, or of any tool, are: collisions, usage, errors, neighbours
    #[command(after_help = "\
Examples:
  semid eval --model model.safetensors --input items.npy
  semid eval --model model.safetensors --input items.parquet \\
      --label-column category --sample 5000
  semid eval --model new.safetensors --input items.npy \\
      --against old.safetensors --k 0 --json
  semid eval --ids ids.csv
  semid eval --ids index.json --input items.parquet --id-column name \\
      --interactions bought-together.csv
  semid eval --ids new.parquet --against old.parquet --weight-column sales

Numbers measured on a sample are shown as value +- half of their 95 % confidence interval.")]
    #[command(mut_args(eval::of_eval))]
    Eval(Box<EvalArgs>),
    /// Measure how far new embeddings have drifted from older ones, as a model sees them; exit code 1 if too far
    #[command(after_help = "\
Examples:
  semid drift --model model.safetensors --input new.npy --baseline old.npy
  semid drift --model model.safetensors --input new.npy --baseline old.npy \\
      --max-error-rise 5% --max-psi 0.1 --json
  semid drift --model model.safetensors --input new.parquet \\
      --baseline old.parquet || semid fit --input new.parquet \\
      --warm-start model.safetensors --freeze-levels 1 \\
      --output newer.safetensors

The population stability index compares how often the codes of a level are used: above 0.25 it says that they are used \
in other proportions. The share moved is how many rows would need another code for both to be used alike. A margin is \
the squared distance to the second nearest codeword less that to the nearest.")]
    Drift(Box<DriftArgs>),
    /// Draw a report on the semantic IDs of a model, or of any tool, as a web page
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
    #[command(mut_args(ids::without_input))]
    Report(Box<ReportArgs>),
    /// Fit and measure models of many sizes, to help choose levels and clusters
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
  semid sweep --input items.parquet --output sweep.jsonl --report report.html \\
      --id-column name

The output has a line of JSON for every finished run. After Ctrl-C or a crash, the same command goes on after the last \
finished run, and writes the same lines as an unbroken sweep, except for the seconds and the checksums over them. \
Levels that models share are fitted once.")]
    #[command(mut_args(sweep::of_sweep))]
    Sweep(Box<SweepArgs>),
    /// Write the semantic IDs of a database for recommenders and language models
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
    Export(ExportArgs),
    /// Hold some of the rows of a fit and answer its requests on standard input and output
    #[command(after_help = "\
Examples:
  semid worker --input items.parquet --rows 0..500000
  semid worker --input part-00003.parquet --first-row 1500000 --device gpu

For engines that run a fit over many processes or machines: they start workers, and bring them the requests of a fit \
(in Rust, RqKMeans::fit_on_workers). The fit has the fingerprint of `semid fit` on one machine, whatever the number of \
workers and their devices. docs/scale.md says how, and which messages there are.")]
    Worker(WorkerArgs),
    /// Show what semantic IDs are, on real data that comes with semid
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

impl Command {
    /// Returns the flags of the command's embeddings, if it reads some.
    pub(crate) fn input(&self) -> Option<&InputArgs> {
        Some(match self {
            Self::Fit(args) => &args.input,
            Self::Encode(args) => &args.input,
            Self::Assign(args) => &args.input,
            Self::Verify(args) => &args.input,
            Self::Eval(args) => &args.input,
            Self::Drift(args) => &args.input,
            Self::Report(args) => &args.input,
            Self::Sweep(args) => &args.input,
            Self::Worker(args) => &args.input,
            _ => return None,
        })
    }

    /// Returns the files that the command will write.
    pub(crate) fn outputs(&self) -> Vec<&Path> {
        let (output, second) = match self {
            Self::Fit(args) => (Some(&args.output), args.vae.checkpoint.as_ref()),
            Self::Encode(args) => (Some(&args.output), None),
            Self::Assign(args) => (args.output.as_ref(), args.db.file()),
            Self::Decode(args) => (Some(&args.output), None),
            Self::Report(args) => (Some(&args.output), None),
            Self::Sweep(args) => (Some(&args.output), args.report.as_ref()),
            Self::Export(args) => (Some(&args.output), None),
            _ => (None, None),
        };
        let third = if let Self::Assign(args) = self { args.moves.as_ref() } else { None };
        [output, second, third].into_iter().flatten().map(PathBuf::as_path).collect()
    }
}

#[derive(Debug, Args)]
pub(crate) struct EncodeArgs {
    /// Model file, as `semid fit` writes it
    #[arg(long, short, value_name = "FILE")]
    pub(crate) model: PathBuf,
    #[command(flatten)]
    pub(crate) input: InputArgs,
    #[command(flatten)]
    pub(crate) prefix: PrefixArgs,
    /// Codes to write as .npy, or semantic IDs as .csv, .jsonl or .parquet
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// Form of the semantic IDs: 12-5-33 or <a_12><b_5><c_33>
    #[arg(long, value_enum, default_value_t = Format::Plain)]
    pub(crate) format: Format,
    /// Text between the codes of a plain semantic ID
    #[arg(long, value_name = "TEXT", default_value = "-", allow_hyphen_values = true)]
    pub(crate) separator: String,
    /// Column of the input with the item keys, which the output has beside the semantic IDs, under the same name (under
    /// `item` if that is `id` or `codes`)
    #[arg(long, value_name = "NAME")]
    pub(crate) id_column: Option<String>,
    /// Keep up to B codes per row and level while looking for the codes of the smallest total distance; the distance of
    /// no row grows with B; 1 takes the nearest codeword of every level [default: that of the model, which is 1 unless
    /// `semid fit --refine-beam` set it; with --candidates K at least K]
    #[arg(long, value_name = "B", conflicts_with = "capacity")]
    pub(crate) beam: Option<usize>,
    /// Write the K best codes of every row, with their squared distances: a line each in .csv, .jsonl and .parquet; in
    /// .npy the codes alone, K rows for each row
    #[arg(long, value_name = "K", conflicts_with = "capacity")]
    pub(crate) candidates: Option<usize>,
    /// How each level chooses a row's code
    #[arg(long, value_enum, default_value_t = Assignment::Nearest, help_heading = "Balanced clusters")]
    pub(crate) assignment: Assignment,
    /// Give each code of a level to at most N rows of the input, at the smallest total distance (plus prices, with
    /// --assignment priced); all rows together must fit in memory
    #[arg(long, value_name = "N", help_heading = "Balanced clusters")]
    pub(crate) capacity: Option<usize>,
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
    /// Use only the first L levels [default: all levels that the codes have]
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
    /// Rows to compare on all devices, evenly spread over the input; fast devices also compare all rows
    #[arg(long, value_name = "N", default_value_t = 2000)]
    pub(crate) rows: usize,
    /// Compare all rows on all devices, however slow
    #[arg(long, conflicts_with = "rows")]
    pub(crate) all: bool,
    /// Flip one bit in the codes of this device, to show that the difference is found
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
pub(crate) enum Assignment {
    /// The nearest codeword
    Nearest,
    /// The codeword with the smallest distance plus price: near balance, for models fitted with --balanced
    Priced,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// 12-5-33
    Plain,
    /// <a_12><b_5><c_33>
    Token,
}

/// The largest number of threads that a user may ask for.
pub(crate) const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    const MOST: usize = MOST_THREADS;
    let threads = text.parse().map_err(|_| format!("give a number, 0 to {MOST}"))?;
    if threads > MOST { Err(format!("give at most {MOST} threads")) } else { Ok(threads) }
}

/// Reads a number; parameters have no place for NaN and infinities.
fn finite<T: Copy + FromStr + Into<f64>>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number.into().is_finite() => Ok(number),
        _ => Err("give a finite number".to_owned()),
    }
}
