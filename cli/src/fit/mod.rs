//! `semid fit`

mod align;
pub(crate) mod params;
mod vae;

use crate::args::{Common, FitArgs, ModelKind};
use crate::balance::{self, Balance};
use crate::config::Config;
use crate::input::Input;
use crate::interrupt::{self, Watched};
use crate::outliers;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use clap::ValueEnum;
use semid::io::{AtomicFile, Provenance};
use semid::rq::{FitReport, LevelReport};
use semid::{Model, Rows, RqKMeans};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// The output of `--json`.
#[derive(Serialize)]
struct Fitted<'a> {
    fingerprint: String,
    rows: usize,
    dim: usize,
    levels: Vec<Level>,
    /// The largest gap of the levels, if all have one.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimality_gap: Option<f64>,
    saturated_values: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
    device: &'a str,
    backend: &'a str,
    seconds: f64,
    read_seconds: f64,
    #[serde(serialize_with = "output::path")]
    output: &'a Path,
    #[serde(skip_serializing_if = "Option::is_none")]
    alignment: Option<align::Aligned>,
}

/// One level of a fit.
#[derive(Serialize)]
pub(crate) struct Level {
    clusters: usize,
    iterations: usize,
    squared_error: f64,
    empty_reseeded: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    balance: Option<Balance>,
}

impl From<&LevelReport> for Level {
    fn from(level: &LevelReport) -> Self {
        Self {
            clusters: level.clusters,
            iterations: level.iterations,
            squared_error: level.squared_error,
            empty_reseeded: level.empty_reseeded,
            balance: level.balance.map(Balance::from),
        }
    }
}

pub(crate) fn run(common: &Common, args: &FitArgs) -> Outcome {
    let mut config = Config::read(args.config.as_deref())?;
    let in_file = match config.get::<String>("kind")? {
        Some(name) => Some(ModelKind::from_str(&name, false).map_err(|_| config.failure(&unknown_kind(&name)))?),
        None => None,
    };
    let kind = args.kind.or(in_file).unwrap_or_default();
    if kind != ModelKind::KMeans {
        return vae::run(common, args, config, kind);
    }
    if let Some(name) = args.vae.first_given() {
        return Err(Failure::Error(format!("--{name} is for --kind rq-vae; add that, or leave --{name} out")));
    }
    let aligned_to = config.remove("align_to");
    config.set("kind", Some("rq-kmeans"))?;
    size_and_seed(args, &mut config)?;
    let params = params::k_means(config.parameters::<RqKMeans>()?, &args.options, false)?;
    let params = sinkhorn(balanced(params, args)?, args)?;
    let input = Input::open(&args.input)?;
    let older = align::Older::load(args, aligned_to.as_ref(), &config, input.rows.dim())?;
    input.check_output(&args.output)?;
    // It is better to learn before a long fit that a folder cannot be written to.
    AtomicFile::check(&args.output)?;
    let device = match (common.device()?, args.memory) {
        (device, Some(bytes)) => device.with_memory(bytes),
        (device, None) => device,
    };
    let rows = Watched::new(&input.rows);
    let bar = Bar::fit(common);
    let start = Instant::now();
    let fitted = params.fit_with(&rows, &device, |progress| {
        bar.show(progress);
        interrupt::flow()
    });
    let (model, report) = fitted.map_err(|error| input.failure(error))?;
    let seconds = start.elapsed().as_secs_f64();
    drop(bar);
    let (model, alignment) = align::align(older.as_ref(), model.into(), &rows, &device)?;
    let model = recorded(model, args, &input)?;
    interrupt::check()?;
    model.save(&args.output)?;
    let fitted = Fitted {
        fingerprint: model.fingerprint(),
        rows: report.rows,
        dim: report.dim,
        levels: report.levels.iter().map(Level::from).collect(),
        optimality_gap: balance::gap(report.levels.iter().filter_map(|level| level.balance.as_ref())),
        saturated_values: report.saturated_values,
        warnings: outliers::warnings(report.saturated_values, &report.outliers),
        device: &device.info().name,
        backend: &device.info().backend,
        seconds,
        read_seconds: rows.seconds(),
        output: &args.output,
        alignment,
    };
    output::warn(&fitted.warnings);
    output::result(common.json, &fitted, || text(&fitted, &report))?;
    Ok(Answer::Yes)
}

fn unknown_kind(name: &str) -> String {
    format!("unknown kind `{name}`; the kinds are rq-kmeans, rq-vae and rq-kmeans-plus")
}

/// Sets the levels, clusters and seed that were given; a list of clusters also decides the number of levels.
fn size_and_seed(args: &FitArgs, config: &mut Config) -> Result<(), Failure> {
    match args.clusters.as_slice() {
        [] => {}
        [clusters] => config.set("clusters", Some(clusters))?,
        list => {
            config.set("clusters", Some(list))?;
            config.remove("levels");
        }
    }
    config.set("levels", args.levels)?;
    config.set("seed", args.seed)
}

/// Sets the sizes of clusters that were given.
fn balanced(params: RqKMeans, args: &FitArgs) -> Result<RqKMeans, Failure> {
    let given = [("min-size", args.min_size), ("max-size", args.max_size)];
    let before = params.get_sizes();
    if !args.balanced && before.is_none() {
        return match given.into_iter().find(|(_, size)| size.is_some()) {
            Some((name, _)) => Err(Failure::Error(format!("--{name} is for --balanced; add that"))),
            None => Ok(params),
        };
    }
    let (min, max) = before.unwrap_or_default();
    Ok(params.sizes(args.min_size.or(min), args.max_size.or(max)))
}

/// Sets Sinkhorn as the flags ask.
fn sinkhorn(params: RqKMeans, args: &FitArgs) -> Result<RqKMeans, Failure> {
    let (epsilon, iterations) = params.get_sinkhorn().map_or((None, 50), |(epsilon, rounds)| (Some(epsilon), rounds));
    let epsilon = match args.sinkhorn_epsilon.as_slice() {
        [] => epsilon,
        [epsilon] => Some(*epsilon),
        _ => return Err(Failure::Error("--sinkhorn-epsilon: several values are for --kind rq-vae; give one".into())),
    };
    match (epsilon, args.sinkhorn_iterations) {
        (Some(epsilon), given) => Ok(params.sinkhorn(epsilon, given.unwrap_or(iterations))),
        (None, Some(_)) => Err(iterations_alone()),
        (None, None) => Ok(params),
    }
}

fn iterations_alone() -> Failure {
    Failure::Error("--sinkhorn-iterations is for --sinkhorn-epsilon; add that".into())
}

/// Returns the model, with a record of its inputs if that was asked for.
fn recorded(model: Model, args: &FitArgs, input: &Input) -> Result<Model, Failure> {
    match args.provenance {
        true => Ok(model.with_provenance(Provenance::new().inputs(&input.rows)?)?),
        false => Ok(model),
    }
}

fn text(fitted: &Fitted<'_>, report: &FitReport) -> String {
    let mut out = format!(
        "fitted {} of {} on {} in {:.2} s\n",
        output::things(fitted.rows, "row"),
        output::things(fitted.dim, "dimension"),
        fitted.device,
        fitted.seconds
    );
    out.push_str(&levels(&report.levels));
    let balances = report.levels.iter().enumerate().filter_map(|(i, level)| Some((i, level.balance.as_ref()?)));
    out.push_str(&balance::text(balances));
    out.push_str(&align::text(fitted.alignment.as_ref()));
    let _ = writeln!(out, "fingerprint {}\nsaved {}", fitted.fingerprint, fitted.output.display());
    out
}

/// Writes a table of levels.
pub(crate) fn levels(levels: &[LevelReport]) -> String {
    let mut out = String::from("level  clusters  iterations  squared error  empty reseeded\n");
    for (i, level) in levels.iter().enumerate() {
        let LevelReport { clusters, iterations, squared_error, empty_reseeded, .. } = level;
        let level = i + 1;
        let _ =
            writeln!(out, "{level:>5}  {clusters:>8}  {iterations:>10}  {squared_error:>13.6}  {empty_reseeded:>14}");
    }
    out
}
