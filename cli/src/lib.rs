//! `semid`: semantic IDs on the command line.
//!
//! The tool is thin on purpose: it parses arguments, calls the library and prints text. It is a library so that other
//! programs, such as the Python package, can bring it along; it takes over the signals and the log of its process. Its
//! allocator is that of the program alone.

mod args;
mod assign;
mod balance;
mod completions;
mod config;
mod database;
mod decode;
mod delete;
mod demo;
mod devices;
mod drift;
mod encode;
mod eval;
mod evaluation;
mod export;
mod extension;
mod failure;
mod file_system;
mod fit;
mod heard;
mod info;
mod input;
mod interrupt;
mod items;
mod judge;
mod lines;
mod lookup;
#[cfg(unix)]
mod memory;
mod names;
mod outliers;
mod output;
mod outputs;
mod place;
mod progress;
mod provenance;
mod report;
mod stats;
mod stderr;
mod sweep;
mod verify;
mod warnings;
mod worker;

pub use demo::DATA as DEMO_DATA;
#[cfg(unix)]
pub use memory::Memory;

use args::{Cli, Command};
use clap::{CommandFactory, Parser};
use output::{Answer, Failure, Outcome};
use std::ffi::OsString;

/// Runs the tool with these arguments, of which the first is its own name, and returns the exit code.
///
/// It may be called once in a process.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    // Without this, an abort for lack of memory leaves temporary files, which the next run removes.
    #[cfg(unix)]
    let _ = memory::watch();
    match Cli::try_parse_from(args) {
        Ok(cli) => output::exit_code(output::catch_panics(|| run(&cli))),
        Err(error) => {
            // Nothing can be told about a standard stream that is closed.
            let _ = error.print();
            u8::try_from(error.exit_code()).unwrap_or(2)
        }
    }
}

fn run(cli: &Cli) -> Outcome {
    let Some(command) = &cli.command else {
        output::text(&Cli::command().render_help().ansi().to_string())?;
        return Ok(Answer::Yes);
    };
    start_log();
    if matches!(command, Command::Fit(_) | Command::Sweep(_)) {
        failure::say_sample();
    }
    start_threads(cli.common.threads)?;
    interrupt::watch();
    outputs::check(command)?;
    let common = &cli.common;
    match command {
        Command::Fit(args) => fit::run(common, args),
        Command::Encode(args) => encode::run(common, args),
        Command::Assign(args) => assign::run(common, args),
        Command::Lookup(args) => lookup::run(common, args),
        Command::Stats(args) => stats::run(common, args),
        Command::Delete(args) => delete::run(common, args),
        Command::Decode(args) => decode::run(common, args),
        Command::Info(args) => info::run(common, args),
        Command::Devices => devices::run(common),
        Command::Verify(args) => verify::run(common, args),
        Command::Eval(args) => eval::run(common, args),
        Command::Drift(args) => drift::run(common, args),
        Command::Report(args) => report::run(common, args),
        Command::Sweep(args) => sweep::run(common, args),
        Command::Export(args) => export::run(common, args),
        Command::Worker(args) => worker::run(common, args),
        Command::Demo => demo::run(common),
        Command::Completions(args) => completions::run(common, args),
    }
}

/// Prints the log of libraries to stderr, if `RUST_LOG` asks for it.
fn start_log() {
    if std::env::var_os("RUST_LOG").is_some_and(|filter| !filter.is_empty()) {
        progress::log_instead();
        let filter = tracing_subscriber::EnvFilter::from_default_env();
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    }
}

/// Limits the threads of this process, which the CPU device uses too; 0 means all cores.
fn start_threads(threads: usize) -> Result<(), Failure> {
    let asked = std::env::var("RAYON_NUM_THREADS").ok().and_then(|text| text.parse::<usize>().ok());
    if let Some(asked) = asked.filter(|asked| threads == 0 && *asked > args::MOST_THREADS) {
        let most = args::MOST_THREADS;
        return Err(Failure::Error(format!("RAYON_NUM_THREADS={asked}: at most {most} threads; use fewer")));
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build_global();
    pool.map_err(|error| Failure::Error(format!("--threads {threads}: {error}; use fewer threads")))
}
