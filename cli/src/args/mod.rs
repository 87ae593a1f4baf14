//! The commands and their flags.

mod command;
mod completions;
mod decode;
mod drift;
mod encode;
mod eval;
#[cfg(test)]
mod examples;
mod export;
mod fit;
#[cfg(test)]
mod headings;
mod ids;
mod info;
mod input;
mod memory;
mod namespace;
mod pairs;
mod prefix;
mod registry;
mod report;
mod share;
mod sweep;
mod template;
mod vae;
mod verify;
mod weights;
mod worker;

pub(crate) use command::Command;
pub(crate) use completions::CompletionsArgs;
pub(crate) use decode::DecodeArgs;
pub(crate) use drift::DriftArgs;
pub(crate) use encode::{Assignment, EncodeArgs, Format};
pub(crate) use eval::EvalArgs;
pub(crate) use export::{ExportArgs, ExportKind};
pub(crate) use fit::{Algorithm, FitArgs, FitOptions, Metric};
pub(crate) use ids::IdsArgs;
pub(crate) use info::InfoArgs;
pub(crate) use input::{InputArgs, OnBadRows};
pub(crate) use namespace::NamespaceArgs;
pub(crate) use pairs::{PairArgs, PairKeyArgs, SmoothArgs};
pub(crate) use prefix::{LabelledFitArgs, PrefixArgs, unknown_label, without_label, without_labels};
pub(crate) use registry::{AssignArgs, DeleteArgs, KeyArgs, LookupArgs, ResolverName, SettingArgs, StatsArgs};
pub(crate) use report::{PageArgs, ReportArgs};
pub(crate) use share::Share;
pub(crate) use sweep::{Balanced, SweepArgs};
pub(crate) use template::TemplateArgs;
pub(crate) use vae::{Preset, Schedule, VaeArgs};
pub(crate) use verify::VerifyArgs;
pub(crate) use weights::WeightArgs;
pub(crate) use worker::WorkerArgs;

use crate::failure::Failure;
use clap::builder::styling::{AnsiColor, Styles};
use clap::{Args, Parser};
use semid::Device;
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
does; SEMID_SIMD chooses the vector instructions of the CPU (see `semid devices`); SEMID_GPU_FILTER, 8bit or f32, what \
a GPU multiplies, and SEMID_GPU_TILE how much at a time; RAYON_NUM_THREADS is a default for --threads.")]
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

/// The largest number of threads that a user may ask for.
pub(crate) const MOST_THREADS: usize = 1024;

fn threads(text: &str) -> Result<usize, String> {
    const MOST: usize = MOST_THREADS;
    let threads = text.parse().map_err(|_| format!("give a number, 0 to {MOST}"))?;
    if threads > MOST { Err(format!("give at most {MOST} threads")) } else { Ok(threads) }
}

/// Reads a share that may be more than the whole, which needs a percent sign then.
fn limit(text: &str) -> Result<Share, String> {
    match text.parse::<Share>() {
        Ok(share) if share > Share::ALL && !text.trim_end().ends_with('%') => {
            Err(format!("give a share such as 5% or 0.05; with a percent sign it may exceed the whole: {text}%"))
        }
        share => share,
    }
}

/// Reads a number; parameters have no place for NaN and infinities.
fn finite<T: Copy + FromStr + Into<f64>>(text: &str) -> Result<T, String> {
    match text.parse::<T>() {
        Ok(number) if number.into().is_finite() => Ok(number),
        _ => Err("give a finite number".to_owned()),
    }
}
