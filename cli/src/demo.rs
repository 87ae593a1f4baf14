//! `semid demo`

use crate::args::Common;
use crate::interrupt;
use crate::output::{self, Answer, Failure, Outcome};
use crate::progress::Bar;
use semid::io::{ReadOptions, open, read_strings};
use semid::metrics::{Evaluation, Quality};
use semid::quantizer::{Parameters, TrainOptions};
use semid::rq::FitReport;
use semid::{Codes, IdFormat, Rows, RqKMeans};
use serde::Serialize;
use std::fmt::Write as _;
use std::time::Instant;

/// Names and embeddings of popular Python packages, most downloaded first.
pub const DATA: &[u8] = include_bytes!("../data/top-packages.parquet");
/// Clusters per level.
const CLUSTERS: [usize; 3] = [64, 32, 16];
/// Packages that many people know.
const FAMOUS: [&str; 8] = ["numpy", "pandas", "matplotlib", "requests", "django", "pytest", "cryptography", "boto3"];
/// How many neighbours are shown.
const SHOWN: usize = 6;

/// How many packages are queries, whose neighbours the IDs should find.
const QUERIES: usize = 500;

/// The output of `--json`.
#[derive(Serialize)]
struct Demo {
    rows: usize,
    dim: usize,
    device: String,
    seconds: f64,
    fingerprint: String,
    levels: Vec<DemoLevel>,
    quality: Quality,
    packages: Vec<Package>,
}

#[derive(Serialize)]
struct DemoLevel {
    clusters: usize,
    used: u64,
    squared_error: f64,
    /// Different prefixes up to this level, divided by the number of rows.
    distinct: f64,
}

/// A package, and the packages, most downloaded first, whose IDs begin in the same way.
#[derive(Serialize)]
struct Package {
    name: String,
    id: String,
    codes: Vec<u32>,
    share_two: Vec<String>,
    share_one: Vec<String>,
}

pub(crate) fn run(common: &Common) -> Outcome {
    let file = tempfile::Builder::new().prefix("semid-demo-").suffix(".parquet").tempfile();
    let file = file.and_then(|file| std::fs::write(file.path(), DATA).map(|()| file));
    let file = file.map_err(|error| Failure::Error(format!("a temporary file for the data: {error}")))?;
    let rows = open(file.path(), &ReadOptions::default())?;
    let names = read_strings(file.path(), "name")?;
    let device = common.device()?;
    let bar = Bar::fit(common);
    let start = Instant::now();
    let params = Parameters::from(RqKMeans::new(CLUSTERS.len(), CLUSTERS).n_init(8));
    let (model, report) = params.fit_with(&rows, &device, &TrainOptions::default(), |progress| {
        bar.trained(progress);
        interrupt::flow()
    })?;
    let codes = model.encode(&rows, &device)?;
    let evaluation = Evaluation::new().sample(QUERIES);
    let quality = evaluation.run_on_codes(&*model, &rows, &codes, &device, |_| interrupt::flow())?;
    drop(bar);
    let demo = Demo {
        rows: rows.len(),
        dim: rows.dim(),
        device: device.info().name.clone(),
        seconds: start.elapsed().as_secs_f64(),
        fingerprint: model.fingerprint(),
        levels: report.details.downcast_ref().map_or_else(Vec::new, |report| levels(report, &quality)),
        quality,
        packages: FAMOUS.iter().filter_map(|name| package(name, &names, &codes)).collect(),
    };
    output::result(common.json, &demo, || text(&demo))?;
    Ok(Answer::Yes)
}

fn levels(report: &FitReport, quality: &Quality) -> Vec<DemoLevel> {
    let levels = report.levels.iter().zip(&quality.codes.levels);
    let level = |(fitted, codes): (&semid::rq::LevelReport, &semid::metrics::LevelMetrics)| DemoLevel {
        clusters: fitted.clusters,
        used: codes.used_codes,
        squared_error: fitted.squared_error,
        distinct: codes.prefixes as f64 / quality.codes.rows as f64,
    };
    levels.map(level).collect()
}

fn package(name: &str, names: &[String], codes: &Codes) -> Option<Package> {
    let own = codes.get(names.iter().position(|other| other == name)?)?;
    let shared = |other: &[u32]| own.iter().zip(other).take_while(|(a, b)| a == b).count();
    let others = |least: usize, most: usize| {
        let named = names.iter().zip(codes.rows()).filter(|(other, _)| *other != name);
        named.filter(|(_, row)| (least..=most).contains(&shared(row))).map(|(other, _)| other.clone()).collect()
    };
    Some(Package {
        name: name.to_owned(),
        id: IdFormat::plain("-").format_row(own),
        codes: own.to_vec(),
        share_two: others(2, own.len()),
        share_one: others(1, 1),
    })
}

fn text(demo: &Demo) -> String {
    let mut out = format!(
        "\
This demo has {} popular Python packages. Each is described by an embedding: {} numbers that a language model
made of the package's one-line description. semid fits {} levels of clusters to the embeddings, each level to the
residuals that the levels before it leave. The numbers of a package's clusters are its semantic ID. It is short, and
packages that do similar things have IDs that begin in the same way.
",
        demo.rows,
        demo.dim,
        demo.levels.len()
    );
    for Package { name, id, codes, share_two, share_one } in &demo.packages {
        let prefix = |len: usize| {
            let codes: Vec<String> = codes.iter().take(len).map(u32::to_string).collect();
            format!("{}-*", codes.join("-"))
        };
        let _ = writeln!(out, "\n{name:<14}{id}");
        for (len, others) in [(2, share_two), (1, share_one)] {
            if !others.is_empty() {
                let _ = writeln!(out, "    {:<10}{}", prefix(len), list(others));
            }
        }
    }
    out.push_str("\nlevel  clusters  used  squared error  different prefixes\n");
    for (i, DemoLevel { clusters, used, squared_error, distinct }) in demo.levels.iter().enumerate() {
        let share = format!("{:.1} % of rows", 100.0 * distinct);
        let _ = writeln!(out, "{:>5}  {clusters:>8}  {used:>4}  {squared_error:>13.4}  {share:>24}", i + 1);
    }
    if let Some(neighbors) = &demo.quality.neighbors {
        let _ = writeln!(
            out,
            "
{:.1} % of the packages share their ID with another one. Of the {} packages nearest to a package, {:.1} % are among
the {} with the nearest IDs; by chance it would be {:.1} %. More levels and clusters find more: see `semid eval`.",
            100.0 * demo.quality.codes.ids.collided_item_rate,
            neighbors.k,
            100.0 * neighbors.recall_at_k.decoded.value,
            neighbors.k,
            100.0 * neighbors.k as f64 / (demo.rows - 1) as f64,
        );
    }
    let _ = write!(
        out,
        "
Fitted, encoded and measured on {} in {:.2} s. The model's fingerprint:
  {}
It is the same on every device: try `semid devices`, then `semid demo --device NAME`.

Next, try your own embeddings:
  semid fit    --input items.npy --output model.safetensors
  semid encode --model model.safetensors --input items.npy --output ids.csv
  semid verify --model model.safetensors --input items.npy
",
        demo.device, demo.seconds, demo.fingerprint
    );
    out
}

/// Joins the first names, and says how many more there are.
fn list(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match names.len().saturating_sub(SHOWN) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}
