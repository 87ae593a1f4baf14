//! `semid fit`

mod align;
pub(crate) mod params;
mod vae;

use crate::args::{Common, FitArgs, ModelKind};
use crate::balance::{self, Balance};
use crate::interrupt::{self, Watched};
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::{AtomicFile, open};
use semid::{Clusters, FitReport, LevelReport, RqKMeans};
use serde::Serialize;
use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

/// What `--json` prints.
#[derive(Serialize)]
struct Fitted<'a> {
    fingerprint: String,
    rows: usize,
    dim: usize,
    levels: Vec<Level>,
    /// The largest of the levels' gaps, where they were proved.
    #[serde(skip_serializing_if = "Option::is_none")]
    optimality_gap: Option<f64>,
    saturated_values: u64,
    device: &'a str,
    backend: &'a str,
    seconds: f64,
    read_seconds: f64,
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
    if args.kind != ModelKind::KMeans {
        return vae::run(common, args);
    }
    if let Some(name) = args.vae.first_given() {
        return Err(Failure::Error(format!("--{name}: is for --kind rq-vae; add that, or leave it out")));
    }
    let (levels, clusters) = levels_and_clusters(args);
    let mut params = params::k_means(RqKMeans::new(levels, clusters), &args.options, false)?.seed(args.seed);
    if args.balanced {
        params = params.sizes(args.min_size, args.max_size);
    }
    match args.sinkhorn_epsilon.as_slice() {
        [] => {}
        [epsilon] => params = params.sinkhorn(*epsilon, args.sinkhorn_iterations.unwrap_or(50)),
        _ => return Err(Failure::Error("--sinkhorn-epsilon: several are for --kind rq-vae; give one".into())),
    }
    let rows = open(&args.input.input, &args.input.options())?;
    let older = align::Older::load(args, rows.dim())?;
    output::differs(&args.output, &args.input.input)?;
    // A folder that cannot be written to is better found out now than after a long fit.
    drop(AtomicFile::create(&args.output)?);
    let device = common.device()?;
    let rows = Watched::new(&*rows);
    let bar = Bar::fit(common);
    let start = Instant::now();
    let fitted = params.fit_with(&rows, &device, |progress| {
        bar.show(progress);
        interrupt::flow()
    });
    let (model, report) = fitted.map_err(|error| Failure::of_rows(error, &args.input.input))?;
    let seconds = start.elapsed().as_secs_f64();
    drop(bar);
    let (model, alignment) = align::align(older.as_ref(), model.into(), &rows, &device)?;
    interrupt::check()?;
    model.save(&args.output)?;
    let fitted = Fitted {
        fingerprint: model.fingerprint(),
        rows: report.rows,
        dim: report.dim,
        levels: report.levels.iter().map(Level::from).collect(),
        optimality_gap: balance::gap(report.levels.iter().filter_map(|level| level.balance.as_ref())),
        saturated_values: report.saturated_values,
        device: &device.info().name,
        backend: &device.info().backend,
        seconds,
        read_seconds: rows.seconds(),
        output: &args.output,
        alignment,
    };
    output::result(common.json, &fitted, || text(&fitted, &report))?;
    Ok(Answer::Yes)
}

fn levels_and_clusters(args: &FitArgs) -> (usize, Clusters) {
    match (args.levels, args.clusters.as_slice()) {
        (levels, []) => (levels.unwrap_or(3), Clusters::Same(256)),
        (levels, [clusters]) => (levels.unwrap_or(3), Clusters::Same(*clusters)),
        (levels, list) => (levels.unwrap_or(list.len()), Clusters::PerLevel(list.to_vec())),
    }
}

fn text(fitted: &Fitted<'_>, report: &FitReport) -> String {
    let mut out = format!(
        "fitted {} rows of {} dimensions on {} in {:.2} s\n",
        fitted.rows, fitted.dim, fitted.device, fitted.seconds
    );
    out.push_str(&levels(&report.levels));
    let balances = report.levels.iter().enumerate().filter_map(|(i, level)| Some((i, level.balance.as_ref()?)));
    out.push_str(&balance::text(balances));
    if fitted.saturated_values > 0 {
        let _ = writeln!(out, "{} values lay outside the grid", fitted.saturated_values);
    }
    out.push_str(&align::text(fitted.alignment.as_ref()));
    let _ = writeln!(out, "fingerprint {}\nsaved {}", fitted.fingerprint, fitted.output.display());
    out
}

/// A table of levels.
pub(crate) fn levels(levels: &[LevelReport]) -> String {
    let mut out = String::from("level  clusters  iterations  squared error  empty reseeded\n");
    for (i, level) in levels.iter().enumerate() {
        let LevelReport { clusters, iterations, squared_error, empty_reseeded, .. } = level;
        let _ = writeln!(out, "{i:>5}  {clusters:>8}  {iterations:>10}  {squared_error:>13.6}  {empty_reseeded:>14}");
    }
    out
}
