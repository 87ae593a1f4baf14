//! The commands: what each is for, and the files it reads and writes.

use super::{
    AssignArgs, CompletionsArgs, DecodeArgs, DeleteArgs, DriftArgs, EncodeArgs, EvalArgs, ExportArgs, FitArgs,
    InfoArgs, InputArgs, LookupArgs, ReportArgs, StatsArgs, SweepArgs, VerifyArgs, WorkerArgs, eval, report, sweep,
};
use clap::Subcommand;
use std::path::{Path, PathBuf};

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fit a model to embeddings and save it: residual k-means, product codes, or a network that quantizes its latents
    Fit(Box<FitArgs>),
    /// Give every row its codes or its semantic ID
    Encode(EncodeArgs),
    /// Give every item a unique semantic ID that stays, and keep it in a database
    Assign(Box<AssignArgs>),
    /// Find items by their semantic IDs, or IDs by their items; exit code 1 if nothing is found
    Lookup(LookupArgs),
    /// Count items, codes and retired IDs in a database of semantic IDs
    Stats(StatsArgs),
    /// Remove items from a database of semantic IDs; exit code 1 if it does not have all of them
    Delete(DeleteArgs),
    /// Turn codes back into embeddings
    Decode(DecodeArgs),
    /// Show a model: configuration, levels, grid, fingerprint
    Info(InfoArgs),
    /// List the devices of this machine
    #[command(after_help = "\
Examples:
  semid devices
  semid devices --json")]
    Devices,
    /// Encode and refit on every device, and compare the results bit for bit; exit code 1 if they differ
    Verify(VerifyArgs),
    /// Measure how good the semantic IDs of a model, or of any tool, are: collisions, usage, errors, neighbours
    #[command(mut_args(eval::of_eval))]
    Eval(Box<EvalArgs>),
    /// Measure how far new embeddings have drifted from older ones, as a model sees them; exit code 1 if too far
    Drift(Box<DriftArgs>),
    /// Draw a report on the semantic IDs of a model, or of any tool, as a web page
    #[command(mut_args(report::of_report))]
    Report(Box<ReportArgs>),
    /// Fit and measure models of many sizes, to help choose levels and clusters
    #[command(mut_args(sweep::of_sweep))]
    Sweep(Box<SweepArgs>),
    /// Write the semantic IDs of a database for recommenders and language models
    Export(ExportArgs),
    /// Hold some of the rows of a fit and answer its requests on standard input and output
    Worker(WorkerArgs),
    /// Show what semantic IDs are, on real data that comes with semid
    #[command(after_help = "\
Examples:
  semid demo
  semid demo --device reference")]
    Demo,
    /// Print completions for a shell
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
        let third = match self {
            Self::Assign(args) => args.moves.as_ref(),
            Self::Report(args) => args.page.svg.as_ref(),
            Self::Sweep(args) => args.models.as_ref(),
            _ => None,
        };
        [output, second, third].into_iter().flatten().map(PathBuf::as_path).collect()
    }
}
